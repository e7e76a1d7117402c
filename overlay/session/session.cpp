#include "overlay/session/session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/assert.hpp"

namespace kith::overlay {

Session::Session(const LocalNode& local, const SessionConfig& config, bool is_dialer, Instant now)
    : local_(&local),
      config_(&config),
      writer_(config.padding, local.buffers),
      deadline_(now.time + config.handshake_timeout),
      last_heard_(now.time),
      last_active_(now.time),
      is_dialer_(is_dialer) {}

Session Session::dial(const LocalNode& local, DialTarget target, const SessionConfig& config,
                      Random& random, Instant now) {
  Session session(local, config, true, now);
  if (!target.first_message.empty() && !rides_in_handshake(target)) {
    session.writer_.add_message({target.first_message});
  }
  session.handshake_ = std::make_unique<Handshake>(local, config, random, std::move(target));
  session.proceed(now);
  return session;
}

Session Session::accept(const LocalNode& local, const SessionConfig& config, Random& random,
                        Instant now) {
  Session session(local, config, false, now);
  session.handshake_ = std::make_unique<Handshake>(local, config, random);
  session.deadline_ = std::min(session.deadline_, now.time + config.first_frame_timeout);
  return session;
}

Result<void> Session::send(std::initializer_list<ByteView> parts) {
  if (phase_ == Phase::ended) return std::unexpected(Errc::closed);
  std::size_t bytes = 0;
  for (ByteView part : parts) bytes += part.size();
  if (bytes > config_->message_bytes_most) return std::unexpected(Errc::too_long);
  if (writer_.waiting_bytes() >= queued_bytes_most()) return std::unexpected(Errc::would_block);
  writer_.add_message(parts);
  return {};
}

void Session::ping(std::uint64_t value) {
  if (phase_ == Phase::ended || writer_.waiting_bytes() >= queued_bytes_most()) return;
  writer_.add_item(ItemKind::ping, encode_ping(value));
}

void Session::close(CloseReason reason, Instant /*now*/) {
  if (phase_ == Phase::ended) return;
  const bool says_so = phase_ == Phase::open;
  if (says_so) {
    writer_.add_item(ItemKind::close, std::array{static_cast<Byte>(reason)});
  } else {
    writer_.clear();
    clear_output_ = Bytes();
  }
  end({.why = Errc::closed, .linger = says_so, .reason = reason});
}

void Session::abort(Errc why) {
  if (phase_ != Phase::ended) fail(why);
}

void Session::on_verdict(bool admitted, Instant now) {
  if (!awaits_verdict_) return;
  awaits_verdict_ = false;
  if (admitted) {
    proceed(now);
  } else {
    reject(Errc::refused);
  }
}

void Session::on_bytes(ByteView bytes, Instant now) {
  if (phase_ == Phase::ended) return;
  last_heard_ = now.time;
  frames_.feed(bytes);
}

void Session::on_end_of_stream(Instant /*now*/) { stream_ended_ = true; }

void Session::on_deadline(Instant now) {
  switch (phase_) {
    case Phase::handshake:
      if (deadline_ > now.time) return;
      // Who has not even named a flow is told nothing: it need not learn who listens.  Once there
      // are keys nothing goes out in clear, and nobody was refused.
      handshake_->is_started() && !handshake_->is_finished() ? reject(Errc::timed_out)
                                                             : fail(Errc::timed_out);
      return;
    case Phase::unconfirmed:
      if (deadline_ <= now.time) fail(Errc::timed_out);
      return;
    case Phase::open:
      if (frame_deadline_ <= now.time) {
        fail(Errc::timed_out);
      } else if (!is_dialer_ && last_active_ + config_->idle_timeout <= now.time) {
        close(CloseReason::idle, now);
      } else if (!is_dialer_ && deadline_ <= now.time) {
        close(CloseReason::done, now);
      }
      return;
    case Phase::ended:
      return;
  }
}

std::optional<TimePoint> Session::next_deadline() const {
  if (phase_ == Phase::ended) return std::nullopt;
  if (phase_ != Phase::open) return deadline_;
  TimePoint next = frame_deadline_;
  // Only the responder ends a connection for being idle or old (R69).
  if (!is_dialer_) next = std::min({next, deadline_, last_active_ + config_->idle_timeout});
  if (next == TimePoint::max()) return std::nullopt;
  return next;
}

std::size_t Session::queued_bytes() const {
  const bool may_seal = sending_ && phase_ != Phase::unconfirmed;
  if (!may_seal) return clear_output_.size();
  const std::size_t records =
      owes_confirm() ? std::max(writer_.waiting_bytes(), kRecordBlock) : writer_.waiting_bytes();
  return clear_output_.size() + records;
}

void Session::take_bytes(Bytes& out, Instant now) {
  if (!clear_output_.empty()) {
    append(out, clear_output_);
    clear_output_ = Bytes();
  }
  if (!sending_ || phase_ == Phase::unconfirmed) return;
  if (owes_confirm() && writer_.waiting_bytes() == 0) writer_.add_item(ItemKind::confirm, {});
  if (writer_.waiting_bytes() > 0) {
    if (owes_confirm()) pending_ = Pending::nothing;
    pongs_queued_ = 0;
    last_active_ = now.time;
    if (const auto sealed = writer_.seal_into(*sending_, out); !sealed) {
      fail(sealed.error());
      return;
    }
  }
  if (phase_ == Phase::ended) sending_.reset();
}

std::optional<SessionEvent> Session::poll_event(Instant now) {
  while (true) {
    if (auto event = take_event()) return event;
    if (!advance(now)) return std::nullopt;
  }
}

/// What there is to be told without reading on.
std::optional<SessionEvent> Session::take_event() {
  if (const auto closed = std::exchange(closed_, std::nullopt)) return *closed;
  if (awaits_verdict_) {
    if (auto question = handshake_->take_question()) return std::move(*question);
    return std::nullopt;
  }
  if (std::exchange(tells_opened_, false)) return SessionOpened{};
  return take_item();
}

/// Reads on; whether there may be something to tell now.
bool Session::advance(Instant now) {
  switch (phase_) {
    case Phase::handshake:
      return advance_handshake(now);
    case Phase::unconfirmed:
    case Phase::open:
      return advance_records(now);
    case Phase::ended:
      return closed_.has_value();
  }
  return false;
}

bool Session::advance_handshake(Instant now) {
  if (awaits_verdict_) {
    const std::size_t most = handshake_->is_finished() ? config_->unjudged_bytes_most : 0;
    if (frames_.waiting_bytes() <= most) return settle(now);
    most == 0 ? reject(Errc::trailing_bytes) : fail(Errc::limit_reached);
    return true;
  }
  const auto header = frames_.header();
  if (!header || may_be_nope(*header)) return settle(now);
  if (const auto fine = handshake_->check_header(*header); !fine) {
    reject(fine.error());
    return true;
  }
  const auto frame = frames_.next();
  if (!frame) return settle(now);
  if (const auto read = handshake_->read_frame(frame->body, now.wall); !read) {
    reject(read.error());
    return true;
  }
  deadline_ = last_active_ + config_->handshake_timeout;
  if (handshake_->is_our_turn() && frames_.waiting_bytes() > 0) {
    // The frame must be the whole stream at this point (R12, R17).
    reject(Errc::trailing_bytes);
    return true;
  }
  awaits_verdict_ = handshake_->has_question();
  if (!awaits_verdict_) proceed(now);
  return true;
}

/// Says what it is our turn to say, and opens the session if nothing is missing then.
void Session::proceed(Instant now) {
  if (handshake_->is_our_turn()) {
    if (const auto written = handshake_->write_frame(clear_output_); !written) {
      reject(written.error());
      return;
    }
  }
  if (!handshake_->is_finished()) return;

  const bool confirms_dialer = handshake_->confirms_dialer();
  take_keys();
  if (const auto join = handshake_->take_join()) records_.insert_message(*join);
  handshake_.reset();
  if (is_dialer_) pending_ = confirms_dialer ? Pending::acceptance : Pending::confirmation;
  if (is_dialer_ || confirms_dialer) {
    open(now);
  } else {
    phase_ = Phase::unconfirmed;
    deadline_ = std::min(deadline_, now.time + config_->confirm_timeout);
  }
}

void Session::take_keys() {
  session_id_ = handshake_->session_id();
  noise::Transport keys = handshake_->split();
  noise::CipherState& to_responder = keys.initiator_to_responder;
  noise::CipherState& to_dialer = *keys.responder_to_initiator;
  sending_.emplace(std::move(is_dialer_ ? to_responder : to_dialer));
  receiving_.emplace(std::move(is_dialer_ ? to_dialer : to_responder));
}

void Session::open(Instant now) {
  phase_ = Phase::open;
  tells_opened_ = true;
  last_active_ = now.time;
  deadline_ = now.time + config_->life;
}

bool Session::advance_records(Instant now) {
  const auto header = frames_.header();
  if (!header || may_be_nope(*header)) return settle(now);
  if (!is_record_length(header->length) ||
      header->letter.value_or(kRecordLetter) != kRecordLetter) {
    fail(Errc::protocol_error);
    return true;
  }
  const auto frame = frames_.next();
  if (!frame) return settle(now);
  if (const auto opened = records_.open(*receiving_, frame->body, local_->buffers); !opened) {
    fail(opened.error());
    return true;
  }
  frame_deadline_ = TimePoint::max();
  if (pending_ == Pending::acceptance) pending_ = Pending::nothing;
  if (phase_ == Phase::unconfirmed) open(now);
  last_active_ = now.time;
  return true;
}

/// There is no complete frame: keeps what is there and lets go of what is not needed meanwhile.
/// Whether that was the end of it.
bool Session::settle(Instant now) {
  frames_.keep();
  records_.release(local_->buffers);
  if (frames_.waiting_bytes() == 0) {
    frame_deadline_ = TimePoint::max();
  } else if (frame_deadline_ == TimePoint::max()) {
    frame_deadline_ = now.time + config_->frame_timeout;
  }
  if (!stream_ended_ || awaits_verdict_) return false;

  const ByteView rest = frames_.peek(sizeof(kNope) + 1);
  if (is_refusable() && std::ranges::equal(rest, kNope)) {
    end({.why = Errc::refused, .linger = false});
  } else if (phase_ == Phase::handshake && !rest.empty()) {
    reject(Errc::truncated);
  } else {
    fail(Errc::connection_lost);
    closed_->linger = false;
  }
  return true;
}

/// Whether the peer may still answer with `nope`: it has not got the keys, as far as we know (R54).
/// It may be that our last message, with which we have them, is what it does not accept.
bool Session::is_refusable() const {
  if (phase_ != Phase::handshake) return pending_ == Pending::acceptance;
  return is_dialer_ || handshake_->is_started();
}

/// Whether this is no frame but the beginning of a `nope`, which the end of the stream completes.
bool Session::may_be_nope(const FrameHeader& header) {
  if (header.length != kNopeLength || !is_refusable()) return false;
  const ByteView start = frames_.peek(sizeof(kNope) + 1);
  return start.size() <= sizeof(kNope) &&
         std::ranges::equal(start, ByteView(kNope).first(start.size()));
}

/// Ends the handshake in the way of its flow, which is the same for every cause (R27).
void Session::reject(Errc why) {
  writer_.clear();
  if (handshake_->is_finished() && !is_dialer_) {
    // There are keys, and the dialer knows them: nothing goes out in clear any more (R52).
    take_keys();
    writer_.add_item(ItemKind::refuse, {});
  } else if (handshake_->reject_behaviour() == RejectBehaviour::nope) {
    append(clear_output_, kNope);
  }
  end({.why = why, .linger = true});
}

/// Ends without a word.
void Session::fail(Errc why) {
  writer_.clear();
  end({.why = why, .linger = true});
}

void Session::end(SessionClosed how) {
  phase_ = Phase::ended;
  closed_ = how;
  handshake_.reset();
  receiving_.reset();
  frames_.clear();
  records_ = RecordReader();
  frame_deadline_ = TimePoint::max();
  awaits_verdict_ = false;
  tells_opened_ = false;
  pending_ = Pending::nothing;
}

}  // namespace kith::overlay
