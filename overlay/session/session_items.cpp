// The part of `Session` that takes the items out of records, and what it takes of them.

#include <algorithm>

#include "overlay/session/session.hpp"

namespace kith::overlay {
namespace {

/// A peer has a ping or two under way; whoever sends more without reading wants us to hoard.
constexpr std::uint8_t kPongsQueuedMax = 64;

}  // namespace

std::optional<SessionEvent> Session::take_item() {
  while (phase_ == Phase::open) {
    const auto item = records_.next(message_bytes_max());
    if (!item) {
      fail(item.error());
    } else if (!*item) {
      break;
    } else if (auto event = handle_item(**item)) {
      return event;
    }
  }
  return std::nullopt;
}

std::optional<SessionEvent> Session::handle_item(const Item& item) {
  const ByteView body = item.body;
  switch (item.kind) {
    case ItemKind::message:
      return SessionMessage{body};
    case ItemKind::pong:
      if (body.size() != kPingBytes) break;
      return SessionPong{decode_ping(body)};
    case ItemKind::ping:
      if (body.size() != kPingBytes) break;
      answer_ping(body);
      return std::nullopt;
    case ItemKind::confirm:
      if (!body.empty()) break;
      return std::nullopt;
    case ItemKind::refuse:
      if (!body.empty()) break;
      end_unsaid({.why = Errc::refused, .linger = true});
      return std::nullopt;
    case ItemKind::close:
      if (body.size() != 1 || body[0] > static_cast<Byte>(CloseReason::shutdown)) break;
      end_unsaid(
          {.why = Errc::closed, .linger = true, .reason = static_cast<CloseReason>(body[0])});
      return std::nullopt;
    case ItemKind::message_part:
    case ItemKind::proof:
      break;
  }
  fail(Errc::protocol_error);
  return std::nullopt;
}

std::size_t Session::message_bytes_max() const {
  return is_let_in_ ? config_->message_bytes_max
                    : std::min(config_->unjudged_bytes_max, config_->message_bytes_max);
}

std::size_t Session::queued_bytes_max() const {
  return is_let_in_ ? config_->queued_bytes_max
                    : std::min(config_->unjudged_bytes_max, config_->queued_bytes_max);
}

/// Who does not read gets no answers, and who is not let in has nothing to keep alive.
void Session::answer_ping(ByteView body) {
  if (!is_let_in_ || pongs_queued_ >= kPongsQueuedMax) return;
  if (writer_.waiting_bytes() >= queued_bytes_max()) return;
  writer_.add_item(ItemKind::pong, body);
  ++pongs_queued_;
}

}  // namespace kith::overlay
