#include "overlay/router/router.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/take_front.hpp"
#include "overlay/message_kind.hpp"
#include "routing/next_hop.hpp"

namespace kith::overlay {
namespace {

AnswerMessage dead_end() {
  return {.status = AnswerStatus::unreachable, .record = {}, .payload = {}};
}

/// The first byte behind the array header of a message is its kind, encoded.
bool is_announcement(ByteView payload) {
  constexpr std::uint8_t kNumberInOneByte = 128;
  return payload.size() >= 2 && payload[1] < kNumberInOneByte &&
         payload[1] == static_cast<Byte>(MessageKind::announce);
}

}  // namespace

Router::Router(const RouterConfig& config, const Fingerprint& self, const routing::Table& table,
               const ContactBook& book, const Peers& peers)
    : config_(config), self_(self), table_(&table), book_(&book), peers_(&peers) {}

RequestId Router::route(RouteRequest request, TimePoint now) {
  const auto id = static_cast<RequestId>(next_request_++);
  Way way;
  way.request = id;
  way.hops_left = config_.hop_limit;
  way.recorded = request.recorded;
  way.key = request.key;
  way.target = request.target;
  way.avoid = request.avoid;
  way.started = now;
  way.payload = std::move(request.payload);
  way.attempts = 1;
  const std::uint32_t number = remember(std::move(way), now + config_.attempt_timeout);
  if (request.first_hop) {
    hand_over(number, ways_.at(number), *request.first_hop);
  } else {
    advance(number, now);
  }
  return id;
}

void Router::answer(RouteId route, AnswerStatus status, ByteView payload, TimePoint now) {
  const auto number = static_cast<std::uint32_t>(route);
  const auto it = ways_.find(number);
  if (it == ways_.end()) return;
  AnswerMessage message;
  message.status = status;
  if (it->second.recorded) message.record.push_back(self_);
  message.payload = payload;
  give_back(number, std::move(message), now);
}

void Router::on_route(ContactIndex from, const RouteMessage& message, TimePoint now) {
  Way way;
  way.from = from;
  way.number_there = message.number;
  way.hops_left = std::min(message.hops_left, config_.hop_limit);
  way.recorded = message.recorded;
  way.key = message.key;
  way.target = message.target;
  way.avoid = message.avoid;
  way.tried = {from};
  way.started = now;
  way.payload.assign(message.payload.begin(), message.payload.end());
  const std::uint32_t number = remember(std::move(way), now + config_.way_back_life);
  advance(number, now);
}

void Router::on_answer(ContactIndex from, const AnswerMessage& message, TimePoint now) {
  const auto it = ways_.find(message.number);
  if (it == ways_.end() || it->second.to != from) return;
  AnswerMessage onward = message;
  if (onward.hops < UINT8_MAX) ++onward.hops;
  if (it->second.recorded && onward.record.size() < kRecordedHopsMax)
    onward.record.push_back(self_);
  give_back(message.number, std::move(onward), now);
}

void Router::on_congested(std::uint32_t under_way, TimePoint now) {
  const auto it = ways_.find(under_way);
  if (it == ways_.end() || !it->second.to) return;
  std::erase_if(unconfirmed_[*it->second.to],
                [&](const Unconfirmed& sent) { return sent.number == under_way; });
  if (it->second.from) give_back(under_way, dead_end(), now);
}

void Router::on_ping_sent(ContactIndex peer, std::uint64_t ping) {
  const auto it = unconfirmed_.find(peer);
  if (it == unconfirmed_.end()) return;
  for (auto& sent : it->second)
    if (!sent.ping) sent.ping = ping;
}

void Router::on_pong(ContactIndex peer, std::uint64_t ping) {
  const auto it = unconfirmed_.find(peer);
  if (it == unconfirmed_.end()) return;
  auto& sent = it->second;
  while (!sent.empty() && sent.front().ping && *sent.front().ping <= ping) {
    const auto way = ways_.find(sent.front().number);
    sent.pop_front();
    // The origin keeps the payload: it may have to try another first hop.
    if (way != ways_.end() && way->second.from && way->second.to == peer) drop_payload(way->second);
  }
  if (sent.empty()) unconfirmed_.erase(it);
}

void Router::on_suspect(ContactIndex peer, TimePoint now) {
  auto node = unconfirmed_.extract(peer);
  if (node.empty()) return;
  for (const auto& sent : node.mapped()) {
    const auto it = ways_.find(sent.number);
    if (it == ways_.end() || it->second.to != peer) continue;
    it->second.to.reset();
    it->second.tried.push_back(peer);
    if (it->second.from && !it->second.is_kept) {
      give_back(sent.number, dead_end(), now);
    } else {
      ask_again_if_nobody_is_left(it->second);
      advance(sent.number, now);
    }
  }
}

void Router::on_deadline(TimePoint now) {
  while (const auto number = deadlines_.pop_due(now)) {
    const auto it = ways_.find(*number);
    if (it == ways_.end()) continue;
    if (it->second.from) {
      forget(*number);
    } else {
      retry(*number, now);
    }
  }
}

std::optional<RouterOutput> Router::poll_output() { return take_front(outputs_); }

std::optional<TimePoint> Router::next_deadline() const { return deadlines_.next(); }

void Router::append_used(std::vector<ContactIndex>& used) const {
  for (const auto& [number, way] : ways_) {
    if (way.from) used.push_back(*way.from);
    if (way.to) used.push_back(*way.to);
    used.insert(used.end(), way.tried.begin(), way.tried.end());
  }
  for (const auto& [peer, sent] : unconfirmed_) used.push_back(peer);
}

std::optional<ContactIndex> Router::choose_hop(const Way& way) const {
  if (const auto peer = target_peer(way)) return peer;
  if (config_.role == Participation::client) return way.from ? std::nullopt : closest_relay(way);
  std::vector<ContactIndex> excluded = way.tried;
  if (way.avoid)
    if (const auto avoided = book_->find(*way.avoid)) excluded.push_back(*avoided);
  const auto hop = routing::next_hop(*table_, way.key, excluded);
  // With none but suspect peers closer, we are the closest of those that answer.
  if (hop && table_->health(*hop)->is_suspect()) return std::nullopt;
  return hop;
}

/// As long as a closer peer lives we are not the closest, however often it did not answer.
void Router::ask_again_if_nobody_is_left(Way& way) const {
  if (choose_hop(way)) return;
  std::erase_if(way.tried, [&](ContactIndex tried) {
    const Peer* peer = peers_->find(tried);
    return peer && !peer->health.is_suspect() && way.from != tried;
  });
}

std::optional<ContactIndex> Router::target_peer(const Way& way) const {
  if (!way.target || *way.target == self_) return std::nullopt;
  const auto contact = book_->find(*way.target);
  if (!contact || !peers_->find(*contact)) return std::nullopt;
  if (std::ranges::find(way.tried, *contact) != way.tried.end()) return std::nullopt;
  return contact;
}

std::optional<ContactIndex> Router::closest_relay(const Way& way) const {
  std::optional<ContactIndex> best;
  for (const Peer& peer : peers_->all()) {
    if (peer.role != Participation::member) continue;
    if (std::ranges::find(way.tried, peer.contact) != way.tried.end()) continue;
    if (!best || is_closer(way.key, book_->id(peer.contact), book_->id(*best))) best = peer.contact;
  }
  return best;
}

bool Router::ends_here(const Way& way) const {
  if (way.target) return *way.target == self_;
  return config_.role == Participation::member;
}

std::uint32_t Router::remember(Way way, TimePoint deadline) {
  if (way.from) make_room(*way.from);
  while (ways_.contains(next_number_)) ++next_number_;
  const std::uint32_t number = next_number_++;
  if (way.from) {
    origins_[*way.from].ways.insert(number);
    ++ways_of_others_;
  }
  ways_.emplace(number, std::move(way));
  deadlines_.set(number, deadline);
  return number;
}

void Router::make_room(ContactIndex from) {
  const auto origin = origins_.find(from);
  if (origin != origins_.end() && origin->second.ways.size() >= config_.ways_back_per_peer)
    return forget(*origin->second.ways.begin());
  if (ways_of_others_ < config_.ways_back_max) return;
  const auto most = std::ranges::max_element(
      origins_, {}, [](const auto& entry) { return entry.second.ways.size(); });
  forget(*most->second.ways.begin());
}

void Router::keep_payload(Way& way) {
  if (!way.from || way.is_kept) return;
  Origin& origin = origins_.at(*way.from);
  const std::size_t bytes = way.payload.size();
  if (kept_bytes_ + bytes > config_.kept_bytes_max ||
      origin.kept_bytes + bytes > config_.kept_bytes_per_peer) {
    way.payload = {};
    return;
  }
  way.is_kept = true;
  origin.kept_bytes += bytes;
  kept_bytes_ += bytes;
}

void Router::drop_payload(Way& way) {
  if (way.is_kept) {
    origins_.at(*way.from).kept_bytes -= way.payload.size();
    kept_bytes_ -= way.payload.size();
  }
  way.is_kept = false;
  way.payload = {};
}

void Router::advance(std::uint32_t number, TimePoint now) {
  Way& way = ways_.at(number);
  if (way.target && *way.target == self_) return arrive(number, way);
  const auto hop = choose_hop(way);
  if (hop && way.hops_left > 0) return hand_over(number, way, *hop);
  if (!hop && ends_here(way)) return arrive(number, way);
  // Only the origin may try again; everybody else says that there is no way from here.
  if (way.from) give_back(number, dead_end(), now);
}

void Router::hand_over(std::uint32_t number, Way& way, ContactIndex hop) {
  ++routed_;
  way.to = hop;
  RouteMessage message;
  message.number = number;
  message.key = way.key;
  message.target = way.target;
  message.avoid = way.avoid;
  message.hops_left = static_cast<std::uint8_t>(way.hops_left - 1);
  message.recorded = way.recorded;
  message.payload = way.payload;
  outputs_.emplace_back(RouterSend{hop, encode(message), number});
  unconfirmed_[hop].push_back({number, std::nullopt});
  if (way.from && is_announcement(way.payload))
    outputs_.emplace_back(Passing{static_cast<RouteId>(number), way.from, way.payload});
  keep_payload(way);
}

void Router::arrive(std::uint32_t number, Way& way) {
  if (way.arrived) return;
  way.arrived = true;
  way.to.reset();
  outputs_.emplace_back(Arrived{static_cast<RouteId>(number), way.from, way.key, way.payload});
  if (way.from) drop_payload(way);
}

void Router::give_back(std::uint32_t number, AnswerMessage answer, TimePoint now) {
  const Way& way = ways_.at(number);
  const bool over = answer.status != AnswerStatus::partial;
  // A dead end: the next attempt, when its time comes, goes over another first hop.
  if (!way.from && answer.status == AnswerStatus::unreachable && way.attempts < config_.attempts)
    return;
  if (way.from) {
    if (peers_->find(*way.from)) {
      answer.number = way.number_there;
      outputs_.emplace_back(RouterSend{*way.from, encode(answer), std::nullopt});
    }
  } else {
    outputs_.emplace_back(
        Answered{way.request, way.to, answer.status, answer.hops, std::move(answer.record),
                 Bytes(answer.payload.begin(), answer.payload.end()), now - way.started});
  }
  if (over) forget(number);
}

void Router::retry(std::uint32_t number, TimePoint now) {
  Way& way = ways_.at(number);
  if (way.attempts >= config_.attempts) {
    outputs_.emplace_back(Unanswered{way.request});
    return forget(number);
  }
  ++way.attempts;
  way.arrived = false;
  deadlines_.set(number, now + config_.attempt_timeout);
  if (way.to) way.tried.push_back(*std::exchange(way.to, std::nullopt));
  // Nobody else is left to ask: begin again rather than take ourselves for the closest.
  if (!choose_hop(way)) way.tried.clear();
  advance(number, now);
}

void Router::forget(std::uint32_t number) {
  const auto way = ways_.find(number);
  if (way->second.from) {
    drop_payload(way->second);
    const auto origin = origins_.find(*way->second.from);
    origin->second.ways.erase(number);
    if (origin->second.ways.empty()) origins_.erase(origin);
    --ways_of_others_;
  }
  ways_.erase(way);
  deadlines_.cancel(number);
}

}  // namespace kith::overlay
