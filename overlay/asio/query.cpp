// How a node asks another one.

#include <string>
#include <utility>

#include <kith/node.hpp>

#include "overlay/asio/clock.hpp"
#include "overlay/asio/runtime.hpp"

namespace kith {
namespace {

/// Whether nobody was met, so that another endpoint of the same address may serve.
bool met_nobody(Errc why) { return why == Errc::connection_refused || why == Errc::unreachable; }

}  // namespace

Result<Bytes> Node::query(std::string_view address, std::string_view topic, ByteView question,
                          Duration timeout) {
  const auto& driver = runtime_->shared_driver();
  // To look up a name takes its time, too.
  if (driver->is_in_turn()) return std::unexpected(Errc::would_block);
  const auto where = Address::parse(address);
  if (!where) return std::unexpected(where.error());
  const TimePoint deadline = overlay::deadline_after(timeout);
  const auto endpoints = driver->resolver().endpoints_of(*where, deadline);
  if (!endpoints) return std::unexpected(endpoints.error());
  Result<Bytes> answer = std::unexpected(Errc::unreachable);
  for (const Endpoint& endpoint : *endpoints) {
    const overlay::JoinTarget target{endpoint, where->node, runtime_->entrance_flow()};
    answer =
        overlay::ask<Bytes>(driver, deadline - overlay::read_clocks().time,
                            [questions = runtime_->questions(), target, topic = std::string(topic),
                             asked = Bytes(question.begin(), question.end())](
                                const overlay::Slot<Bytes>& slot, overlay::Engine& engine,
                                Instant) { questions->ask(target, topic, asked, slot, engine); });
    if (answer || !met_nobody(answer.error())) break;
  }
  return answer;
}

}  // namespace kith
