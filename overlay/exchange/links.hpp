#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <boost/container/deque.hpp>
#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>

#include "overlay/exchange/exchange_output.hpp"
#include "overlay/exchange/messages.hpp"

namespace kith::overlay {

/// An open session as the exchange sees it: what waits to be written to it.  Most wait for nothing.
struct Link {
  /// Unlike the standard deque it takes no memory while it is empty and unused.
  template <class T>
  using Line = boost::container::deque<T>;

  PeerIndex index{};
  Fingerprint node;
  bool is_open = false;
  struct Control {
    Bytes message;
    bool is_answer = false;
  };

  Line<Control> control;               ///< Answers and ends, ready to be sent.
  std::size_t answers = 0;             ///< Of them, what the peer has asked for.
  std::vector<ChannelNumber> opens;    ///< Receiving channels to be opened.
  std::vector<ChannelNumber> credits;  ///< Receiving channels with something to acknowledge.
  Line<ChannelNumber> ready;           ///< Sending channels that can send.
  bool announced = false;              ///< `WantsWrite` was said, and there may be something left.
  std::size_t openings = 0;            ///< Channels of the peer that a policy has not judged yet.

  [[nodiscard]] bool has_something() const {
    return !control.empty() || !opens.empty() || !credits.empty() || !ready.empty();
  }
};

/// The open sessions, by number and by node.
class Links {
 public:
  /// @pre !find(node)
  Link& open(const Fingerprint& node);
  void close(PeerIndex index);

  /// @pre the session is open
  [[nodiscard]] Link& at(PeerIndex index);
  [[nodiscard]] Link* find(const Fingerprint& node);

  /// Queues a message that a peer caused; `Errc::limit_reached` if it does not read them.
  [[nodiscard]] Result<void> answer(Link& link, Bytes message);
  /// The same, where it was seen before that there is room.
  void answer_later(Link& link, Bytes message);
  /// Queues a message of our own will.
  void tell(Link& link, Bytes message);
  /// @pre !link.control.empty()
  [[nodiscard]] static Bytes pop_control(Link& link);
  /// Says `WantsWrite` if it is not said.
  void announce(Link& link);
  /// The next session that something waits for and that nobody was told of.
  [[nodiscard]] std::optional<PeerIndex> pop_wanting();

 private:
  std::deque<Link> links_;  ///< By `PeerIndex`; references stay valid.
  std::vector<PeerIndex> free_;
  std::map<Fingerprint, PeerIndex> by_node_;
  std::vector<PeerIndex> wanting_;
};

}  // namespace kith::overlay
