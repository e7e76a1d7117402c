#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <variant>
#include <vector>

#include <kith/subject.hpp>

#include "core/assert.hpp"
#include "core/random.hpp"
#include "overlay/exchange/exchange.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/fuzz/input.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

/// Reads the input as what a peer, the clock and the application do to one exchange, and checks
/// after each step that nothing is broken.
namespace {

using namespace kith;
using namespace kith::overlay;
using namespace std::chrono_literals;
using kith::test::Input;

/// Our subscriptions, by who acknowledges.
constexpr SubscriptionId kByNode{2};
constexpr SubscriptionId kByApplication{3};
constexpr Instant kStart{TimePoint(1h), WallTime(1'767'225'600s)};

const crypto::Signatures& signatures() { return *sim::simulated_primitives().signatures; }

struct Somebody {
  explicit Somebody(Random& random)
      : key(signatures().generate(random)), node(node_fingerprint(key.public_key)) {
    identity = identity_fingerprint(key.public_key);
  }

  [[nodiscard]] IntentToken intent(IntentRole role, Random& random) const {
    IntentTokenParams params;
    params.subject = *subject_id({}, "s");
    params.issued_at = kStart.wall;
    params.life = 1h;
    params.role = role;
    params.node = node;
    return issue_intent_token(params, key, signatures(), random).value();
  }

  [[nodiscard]] NodeToken token(Random& random) const {
    NodeTokenParams params;
    params.issued_at = kStart.wall;
    params.life = 24h;
    params.endpoints = {Endpoint::v4({192, 0, 2, 1}, 1)};
    return issue_node_token(params, key, signatures(), random).value();
  }

  crypto::SigningKeyPair key;
  Fingerprint node;
  Fingerprint identity;
};

/// Mostly small, sometimes as large as can be.
std::uint64_t number(Input& input) {
  const std::uint8_t first = input.next();
  return first < 240 ? first : kSequenceMax >> (4 * (255 - first));
}

struct Sink {
  std::size_t bytes = 0;
  Result<void> send(std::initializer_list<ByteView> parts) {
    for (ByteView part : parts) bytes += part.size();
    return {};
  }
};

class World {
 public:
  World() : us_(random_), peer_(random_) {
    ExchangeConfig config;
    config.signatures = &signatures();
    config.node = us_.node;
    exchange_.emplace(config, random_);
    PublishOptions offer;
    offer.time_to_live = 50ms;
    offer.queue_messages = 40;
    (void)exchange_->add_publisher(PublisherId{1}, us_.intent(IntentRole::send, random_), offer);
    exchange_->add_subscription(kByNode, us_.intent(IntentRole::receive, random_),
                                {.audience = {}, .credit = 4});
    exchange_->add_subscription(
        kByApplication, us_.intent(IntentRole::receive, random_),
        {.audience = {}, .credit = 4, .acknowledgement = Acknowledgement::application});
    match();
    session_ = exchange_->on_session_open(peer_.node, now_);
    drain();
  }

  void step(Input& input) {
    switch (input.next() % 10) {
      case 0:
        (void)exchange_->publish(PublisherId{1}, input.take(input.next()), now_);
        break;
      case 1:
        hear(input.take(input.next()));
        break;
      case 2:
        hear(composed(input));
        break;
      case 3:
        now_ = {now_.time + input.next() * 1ms, now_.wall + input.next() * 1ms};
        exchange_->on_deadline(now_);
        break;
      case 4:
        flip_session();
        break;
      case 5:
        if (session_)
          (void)exchange_->fill(*session_, input.next() * 100U, MessageSink(sink_), now_);
        break;
      case 6:
        answer(input.next() % 4 != 0);
        break;
      case 7:
        match();
        break;
      case 8:
        for (SubscriptionId id : {kByNode, kByApplication})
          exchange_->on_unmatched(id, key_of(sender().intent));
        break;
      case 9:
        exchange_->acknowledge(kByApplication, input.next());
        break;
    }
    drain();
    exchange_->sanity_check();
  }

 private:
  [[nodiscard]] PeerIntent sender() {
    static const PeerIntent peer{peer_.intent(IntentRole::send, random_), peer_.token(random_),
                                 std::nullopt};
    return peer;
  }

  void match() {
    for (SubscriptionId id : {kByNode, kByApplication}) exchange_->on_matched(id, sender(), now_);
  }

  void hear(ByteView message) {
    // A copy of its own, so that reading beyond its end is noticed.
    message_.assign(message.begin(), message.end());
    message_.shrink_to_fit();
    if (session_ && !exchange_->on_message(*session_, message_, now_)) flip_session();
  }

  void flip_session() {
    if (session_) {
      exchange_->on_session_lost(*session_, now_);
      session_.reset();
    } else {
      session_ = exchange_->on_session_open(peer_.node, now_);
    }
  }

  void answer(bool yes) {
    if (questions_.empty()) return;
    exchange_->on_verdict(questions_.back(), yes, now_);
    questions_.pop_back();
  }

  /// A message that is well formed, and near to what the exchange may expect.
  Bytes composed(Input& input) {
    Bytes out;
    const std::uint8_t kind = input.next();
    const ChannelNumber channel{input.next() & 0x83U};
    switch (kind % 7) {
      case 0: {
        static const IntentToken intent = peer_.intent(IntentRole::receive, random_);
        const std::uint64_t epoch = input.next() % 2;
        return encode(OpenMessage{.receiver_channel = channel,
                                  .subscription_epoch = 1U + input.next() % 3U,
                                  .identity = us_.identity,
                                  .role = IntentRole::send,
                                  .publisher_epoch = epoch,
                                  .next = epoch == 0 ? 0 : number(input),
                                  .credit_messages = number(input),
                                  .credit_bytes = number(input),
                                  .intent = intent.token.raw()});
      }
      case 1:
        return encode(AcceptMessage{channel, ChannelNumber{input.next()}, 1U + input.next() % 2U,
                                    number(input), sender().intent.token.raw()});
      case 2:
        return encode(RefuseMessage{channel, RefuseReason::not_authorized});
      case 3: {
        const std::uint64_t first = number(input);
        encode_header(DataMessage{channel, first, {}}, out);
        append(out, input.take(input.next() % 16));
        return out;
      }
      case 4: {
        const std::uint64_t acknowledged = number(input);
        const std::uint64_t messages = number(input);
        encode(CreditMessage{channel, acknowledged, messages, number(input)}, out);
        return out;
      }
      case 5:
        encode(ExpiredMessage{channel, number(input)}, out);
        return out;
      default:
        return encode(CloseMessage{input.next() % 2 == 0, channel});
    }
  }

  void drain() {
    while (const auto output = exchange_->poll_output(now_)) {
      if (const auto* ask = std::get_if<Ask>(&*output)) questions_.push_back(ask->question);
      if (const auto* delivered = std::get_if<Delivered>(&*output))
        for (Byte byte : delivered->payload) sink_.bytes += byte;
    }
  }

  SeededRandom random_{1};
  Somebody us_;
  Somebody peer_;
  std::optional<Exchange> exchange_;
  std::optional<PeerIndex> session_;
  std::vector<ExchangeQuestion> questions_;
  Bytes message_;
  Sink sink_;
  Instant now_ = kStart;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  Input input{ByteView(data, size)};
  for (int steps = 0; steps < 500 && !input.rest.empty(); ++steps) world.step(input);
  return 0;
}
