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
      deadline_(now.time + config.timers.handshake_timeout),
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
  session.deadline_ = std::min(session.deadline_, now.time + config.timers.first_frame_timeout);
  return session;
}

Result<void> Session::send(std::initializer_list<ByteView> parts) {
  if (phase_ == Phase::ended) return std::unexpected(Errc::closed);
  std::size_t bytes = 0;
  for (ByteView part : parts) bytes += part.size();
  if (bytes > config_->message_bytes_max) return std::unexpected(Errc::too_long);
  if (writer_.waiting_bytes() >= queued_bytes_max()) return std::unexpected(Errc::would_block);
  writer_.add_message(parts);
  return {};
}

void Session::ping(std::uint64_t value) {
  if (phase_ == Phase::ended || writer_.waiting_bytes() >= queued_bytes_max()) return;
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
  if (awaits_ != Awaits::verdict && awaits_ != Awaits::spending) return;
  awaits_ = Awaits::nothing;
  if (!admitted) {
    reject(Errc::refused);
  } else if (phase_ == Phase::unconfirmed) {
    open(now);
  } else {
    proceed(now);
  }
}

void Session::on_static_key(const std::optional<crypto::DhPublicKey>& key, Instant /*now*/) {
  if (awaits_ != Awaits::static_key) return;
  awaits_ = Awaits::nothing;
  handshake_->on_static_key(key);
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
      handshake_->is_started() && !handshake_->has_keys() ? reject(Errc::timed_out)
                                                          : fail(Errc::timed_out);
      return;
    case Phase::proving:
    case Phase::unconfirmed:
      if (deadline_ <= now.time) fail(Errc::timed_out);
      return;
    case Phase::open:
      if (frame_deadline_ <= now.time) {
        fail(Errc::timed_out);
      } else if (!is_dialer_ && last_active_ + config_->timers.idle_timeout <= now.time) {
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
  if (!is_dialer_) next = std::min({next, deadline_, last_active_ + config_->timers.idle_timeout});
  if (next == TimePoint::max()) return std::nullopt;
  return next;
}

std::size_t Session::queued_bytes() const {
  if (!may_seal()) return clear_output_.size();
  const std::size_t records =
      owes_confirm() ? std::max(writer_.waiting_bytes(), kRecordBlock) : writer_.waiting_bytes();
  return clear_output_.size() + records;
}

void Session::take_bytes(Bytes& out, Instant now) {
  if (!clear_output_.empty()) {
    append(out, clear_output_);
    clear_output_ = Bytes();
  }
  if (!may_seal()) return;
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
  if (awaits_ != Awaits::nothing) return take_question();
  if (std::exchange(tells_opened_, false)) return SessionOpened{};
  return take_item();
}

/// What the owner is to be asked, once.
std::optional<SessionEvent> Session::take_question() {
  switch (awaits_) {
    case Awaits::verdict:
      if (auto question = handshake_->take_question()) return *std::move(question);
      break;
    case Awaits::static_key:
      if (auto seeking = handshake_->take_seeking()) return *std::move(seeking);
      break;
    case Awaits::spending:
      if (auto ticket = handshake_->take_ticket()) return SessionSpends{*std::move(ticket)};
      break;
    case Awaits::nothing:
      break;
  }
  return std::nullopt;
}

/// Reads on; whether there may be something to tell now.
bool Session::advance(Instant now) {
  switch (phase_) {
    case Phase::handshake:
      return advance_handshake(now);
    case Phase::proving:
    case Phase::unconfirmed:
    case Phase::open:
      return advance_records(now);
    case Phase::ended:
      return closed_.has_value();
  }
  return false;
}

}  // namespace kith::overlay
