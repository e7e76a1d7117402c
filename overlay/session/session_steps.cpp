// The part of `Session` that reads what comes, says what is due, and ends.

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "overlay/session/session.hpp"

namespace kith::overlay {

bool Session::advance_handshake(Instant now) {
  if (awaits_ != Awaits::nothing) return wait(now);
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
  deadline_ = last_active_ + config_->timers.handshake_timeout;
  if (handshake_->is_our_turn() && frames_.waiting_bytes() > 0) {
    // The frame must be the whole stream at this point (R12, R17).
    reject(Errc::trailing_bytes);
    return true;
  }
  await_next(now);
  return true;
}

/// Reads nothing while the owner thinks; bounds what comes meanwhile.
bool Session::wait(Instant now) {
  std::size_t most = 0;
  if (handshake_->is_finished()) most = config_->unjudged_bytes_max;
  if (awaits_ == Awaits::static_key) most = kFrameLengthBytes + kHandshakeLengthMax;
  if (frames_.waiting_bytes() <= most) return settle(now);
  handshake_->is_finished() ? fail(Errc::limit_reached) : reject(Errc::trailing_bytes);
  return true;
}

/// A message of the handshake was read: asks the owner, or goes on.
void Session::await_next(Instant now) {
  if (handshake_->seeks()) {
    awaits_ = Awaits::static_key;
    deadline_ = std::min(deadline_, now.time + config_->timers.request_timeout);
  } else if (handshake_->has_question()) {
    awaits_ = Awaits::verdict;
  } else {
    proceed(now);
  }
}

/// Says what it is our turn to say, and opens the session if nothing is missing then.
void Session::proceed(Instant now) {
  while (handshake_->is_our_turn()) {
    if (const auto said = say_next(); !said) {
      reject(said.error());
      return;
    }
  }
  if (!handshake_->has_keys()) return;
  if (!sending_) take_keys();
  if (!handshake_->is_finished()) {
    phase_ = Phase::proving;
    if (!is_dialer_) deadline_ = std::min(deadline_, now.time + config_->timers.confirm_timeout);
    return;
  }

  if (const auto join = handshake_->take_join()) records_.insert_message(*join);
  const bool confirms_dialer = handshake_->confirms_dialer();
  if (is_dialer_ && !confirms_dialer) pending_ = Pending::confirmation;
  if (is_dialer_ && handshake_->ends_with_dialer()) pending_ = Pending::acceptance;
  if (is_dialer_ || confirms_dialer) {
    open(now);
  } else {
    phase_ = Phase::unconfirmed;
    deadline_ = std::min(deadline_, now.time + config_->timers.confirm_timeout);
  }
}

Result<void> Session::say_next() {
  if (!handshake_->is_proving()) return handshake_->write_frame(clear_output_);
  if (!sending_) take_keys();
  return say_alone(ItemKind::proof, handshake_->write_proof());
}

/// Says one item in a record of its own, before everything that waits, and makes it as long as one
/// with `item_bytes`.
Result<void> Session::say_alone(ItemKind kind, ByteView body, std::size_t item_bytes) {
  RecordWriter record(config_->padding, nullptr);
  record.add_item(kind, body);
  record.lengthen(item_bytes);
  return record.seal_into(*sending_, clear_output_);
}

void Session::take_keys() {
  session_id_ = handshake_->session_id();
  noise::Transport keys = handshake_->split();
  noise::CipherState& to_responder = keys.initiator_to_responder;
  noise::CipherState& to_dialer = *keys.responder_to_initiator;
  sending_.emplace(std::move(is_dialer_ ? to_responder : to_dialer));
  receiving_.emplace(std::move(is_dialer_ ? to_dialer : to_responder));
}

/// The dialer's first record has come: what it wants is not a recording.
void Session::confirm(Instant now) {
  if (handshake_->has_ticket()) {
    awaits_ = Awaits::spending;
    deadline_ = last_active_ + config_->timers.handshake_timeout;
  } else {
    open(now);
  }
}

void Session::open(Instant now) {
  phase_ = Phase::open;
  handshake_.reset();
  tells_opened_ = true;
  last_active_ = now.time;
  deadline_ = now.time + config_->timers.life;
}

bool Session::advance_records(Instant now) {
  if (awaits_ != Awaits::nothing) return wait(now);
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
    // What was sealed with our keys and is no proof is refused like a bad one.
    const bool is_bad_proof = phase_ == Phase::proving && opened.error() != Errc::decrypt_failed;
    if (is_bad_proof)
      reject(opened.error());
    else
      fail(opened.error());
    return true;
  }
  frame_deadline_ = TimePoint::max();
  if (pending_ == Pending::acceptance) pending_ = Pending::nothing;
  if (phase_ == Phase::proving) {
    if (const auto read = read_proof(now); !read) reject(read.error());
  } else if (phase_ == Phase::unconfirmed) {
    confirm(now);
  } else {
    last_active_ = now.time;
  }
  return true;
}

/// The peer's first record: its proof and nothing else, or that it does not want ours.
Result<void> Session::read_proof(Instant now) {
  const auto item = records_.next(config_->unjudged_bytes_max);
  if (!item) return std::unexpected(item.error());
  if (!*item || !records_.is_at_end()) return std::unexpected(Errc::protocol_error);
  if (is_dialer_ && (*item)->kind == ItemKind::refuse) {
    end_unsaid({.why = Errc::refused, .linger = true});
    return {};
  }
  if ((*item)->kind != ItemKind::proof) return std::unexpected(Errc::protocol_error);
  if (const auto read = handshake_->read_proof((*item)->body, now.wall); !read) return read;
  deadline_ = last_active_ + config_->timers.handshake_timeout;
  // Whoever has yet to be answered has said all that it may.
  if (handshake_->is_our_turn() && frames_.waiting_bytes() > 0) {
    return std::unexpected(Errc::trailing_bytes);
  }
  await_next(now);
  return {};
}

/// There is no complete frame: keeps what is there and lets go of what is not needed meanwhile.
/// Whether that was the end of it.
bool Session::settle(Instant now) {
  frames_.keep();
  if (awaits_ == Awaits::nothing) records_.release(local_->buffers);
  if (frames_.waiting_bytes() == 0) {
    frame_deadline_ = TimePoint::max();
  } else if (frame_deadline_ == TimePoint::max()) {
    frame_deadline_ = now.time + config_->timers.frame_timeout;
  }
  if (!stream_ended_ || awaits_ != Awaits::nothing) return false;

  const ByteView rest = frames_.peek(sizeof(kNope) + 1);
  if (is_refusable() && std::ranges::equal(rest, kNope)) {
    end_unsaid({.why = Errc::refused, .linger = false});
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
  switch (phase_) {
    case Phase::handshake:
      return is_dialer_ || handshake_->is_started();
    case Phase::proving:
    case Phase::unconfirmed:
      return !is_dialer_;
    case Phase::open:
    case Phase::ended:
      return pending_ == Pending::acceptance;
  }
  return false;
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
  if (!sending_ && !is_dialer_ && handshake_->has_keys()) take_keys();
  if (sending_) {
    // There are keys, and the peer knows them: nothing goes out in clear any more (R52).
    refuse();
  } else if (handshake_->reject_behaviour() == RejectBehaviour::nope) {
    append(clear_output_, kNope);
  }
  end_unsaid({.why = why, .linger = true});
}

/// Says no in a record.  Where a yes would have been a proof it is made all the same, so that
/// neither time nor length tells of the answer (R8, R13).
void Session::refuse() {
  const bool owes_proof = phase_ == Phase::proving && !is_dialer_;
  const std::size_t item_bytes =
      owes_proof ? kItemHeaderBytes + handshake_->write_proof().size() : 0;
  // No direction ends with its second record.
  KITH_ASSERT(say_alone(ItemKind::refuse, {}, item_bytes).has_value());
}

/// Ends without a word.
void Session::fail(Errc why) { end_unsaid({.why = why, .linger = true}); }

/// Ends, and nothing is said any more of what waits to be.
void Session::end_unsaid(SessionClosed how) {
  writer_.clear();
  end(how);
}

void Session::end(SessionClosed how) {
  phase_ = Phase::ended;
  closed_ = how;
  handshake_.reset();
  receiving_.reset();
  frames_.clear();
  records_.clear();
  frame_deadline_ = TimePoint::max();
  awaits_ = Awaits::nothing;
  tells_opened_ = false;
  pending_ = Pending::nothing;
}

}  // namespace kith::overlay
