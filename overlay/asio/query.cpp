// How a node asks another one.

#include <string>
#include <utility>
#include <vector>

#include "overlay/asio/clock.hpp"
#include "overlay/asio/runtime.hpp"

namespace kith {
namespace {

using overlay::Done;

/// A question that goes to one endpoint of an address after the other, until somebody is met.
struct Inquiry {
  std::weak_ptr<overlay::Driver> driver;
  std::shared_ptr<overlay::Questions> questions;
  std::optional<Fingerprint> node;
  overlay::Flow flow;
  std::string topic;
  Bytes question;
  TimePoint deadline;
  Done<Bytes> done;
  std::vector<Endpoint> endpoints{};
  std::size_t next = 0;  ///< Of the endpoints.
};

/// Whether nobody was met, so that another endpoint of the same address may serve.
bool met_nobody(Errc why) { return why == Errc::connection_refused || why == Errc::unreachable; }

/// Asks at the next endpoint; without one, `why` is the answer.
void ask_next(const std::shared_ptr<Inquiry>& inquiry, Errc why) {
  if (inquiry->next == inquiry->endpoints.size()) return inquiry->done(std::unexpected(why));
  const overlay::JoinTarget target{inquiry->endpoints[inquiry->next++], inquiry->node,
                                   inquiry->flow};
  overlay::ask(
      inquiry->driver.lock(), inquiry->deadline - overlay::read_clocks().time,
      [inquiry, target](const overlay::Slot<Bytes>& slot, overlay::Engine& engine, Instant) {
        inquiry->questions->ask(target, inquiry->topic, inquiry->question, slot, engine);
      },
      Done<Bytes>([inquiry](Result<Bytes> answer) {
        if (answer || !met_nobody(answer.error())) return inquiry->done(std::move(answer));
        ask_next(inquiry, answer.error());
      }));
}

}  // namespace

void Node::Runtime::query(std::string_view address, std::string_view topic, ByteView question,
                          Duration timeout, Done<Bytes> done) {
  const auto where = Address::parse(address);
  if (!where) return done(std::unexpected(where.error()));
  const auto inquiry =
      std::make_shared<Inquiry>(Inquiry{.driver = driver_,
                                        .questions = questions_,
                                        .node = where->node,
                                        .flow = entrance_flow_,
                                        .topic = std::string(topic),
                                        .question = Bytes(question.begin(), question.end()),
                                        .deadline = overlay::deadline_after(timeout),
                                        .done = std::move(done)});
  driver_->resolve(*where, inquiry->deadline, [inquiry](Result<std::vector<Endpoint>> found) {
    if (!found) return inquiry->done(std::unexpected(found.error()));
    inquiry->endpoints = std::move(*found);
    ask_next(inquiry, Errc::unreachable);
  });
}

}  // namespace kith
