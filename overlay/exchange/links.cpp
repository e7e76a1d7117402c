#include "overlay/exchange/links.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "overlay/exchange/limits.hpp"

namespace kith::overlay {

Link& Links::open(const Fingerprint& node) {
  if (free_.empty()) {
    free_.push_back(static_cast<PeerIndex>(links_.size()));
    links_.emplace_back();
  }
  const PeerIndex index = free_.back();
  free_.pop_back();
  const bool is_new = by_node_.emplace(node, index).second;
  KITH_ASSERT(is_new);
  Link& link = links_[std::to_underlying(index)];
  link.index = index;
  link.node = node;
  link.is_open = true;
  return link;
}

void Links::close(PeerIndex index) {
  Link& link = at(index);
  by_node_.erase(link.node);
  std::erase(wanting_, index);
  link = Link{};
  free_.push_back(index);
}

Link& Links::at(PeerIndex index) {
  const std::size_t place = std::to_underlying(index);
  KITH_ASSERT(place < links_.size() && links_[place].is_open);
  return links_[place];
}

Link* Links::find(const Fingerprint& node) {
  const auto it = by_node_.find(node);
  return it == by_node_.end() ? nullptr : &at(it->second);
}

Result<void> Links::answer(Link& link, Bytes message) {
  if (link.answers >= kAnswersPerPeerMax) return std::unexpected(Errc::limit_reached);
  answer_later(link, std::move(message));
  return {};
}

void Links::answer_later(Link& link, Bytes message) {
  ++link.answers;
  link.control.push_back({.message = std::move(message), .is_answer = true});
  announce(link);
}

void Links::tell(Link& link, Bytes message) {
  link.control.push_back({.message = std::move(message)});
  announce(link);
}

Bytes Links::pop_control(Link& link) {
  Link::Control control = std::move(link.control.front());
  link.control.pop_front();
  if (control.is_answer) --link.answers;
  return std::move(control.message);
}

void Links::announce(Link& link) {
  if (link.announced) return;
  link.announced = true;
  wanting_.push_back(link.index);
}

std::optional<PeerIndex> Links::pop_wanting() {
  if (wanting_.empty()) return std::nullopt;
  const PeerIndex index = wanting_.back();
  wanting_.pop_back();
  return index;
}

}  // namespace kith::overlay
