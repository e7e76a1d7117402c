#include "tests/scenarios/town.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <variant>

#include <kith/subject.hpp>

#include "core/assert.hpp"
#include "overlay/sim/wonder_home_data.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kTownStream = ~std::uint64_t{2};

sim::LatencyModel wonder_home(std::uint64_t seed) {
  return sim::LatencyModel::wonder_home(sim::wonder_round_trips(), sim::home_access(), seed)
      .value();
}

}  // namespace

Town::Town(std::uint64_t seed, sim::WorldConfig config)
    : world(wonder_home(seed),
            [&] {
              config.seed = seed;
              config.watch = [this](HostIndex node, const overlay::Output& output) {
                watch(node, output);
              };
              return std::move(config);
            }()),
      random(seed, kTownStream) {}

void Town::found(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    add();
    world.run_for(100ms);
  }
}

HostIndex Town::add(sim::NodeOptions options) {
  if (world.nodes() > 0) {
    HostIndex through = any_running();
    // The founder is ready at once, so this ends.
    while (!world.engine(through).is_ready()) through = any_running();
    options.join = {through};
  }
  const auto node = static_cast<HostIndex>(world.nodes());
  started_[node] = world.now();
  return world.add_node(options);
}

bool Town::wait_until_ready(Duration most) {
  const auto everybody = [this] {
    for (HostIndex node = 0; node < world.nodes(); ++node) {
      if (world.is_running(node) && !world.engine(node).is_ready()) return false;
    }
    return true;
  };
  return world.run_while_not(everybody, most);
}

HostIndex Town::any_running(const std::vector<HostIndex>& not_these) {
  for (;;) {
    const auto node = static_cast<HostIndex>(random.below(world.nodes()));
    if (world.is_running(node) && std::ranges::find(not_these, node) == not_these.end()) {
      return node;
    }
  }
}

SubscriptionId Town::subscribe(HostIndex node, std::string_view subject,
                               const overlay::SubscribeOptions& options) {
  return world
      .command(node, [&](overlay::Engine& engine,
                         Instant now) { return engine.subscribe(subject, options, now); })
      .value();
}

PublisherId Town::advertise(HostIndex node, std::string_view subject,
                            const overlay::PublishOptions& options) {
  return world
      .command(node, [&](overlay::Engine& engine,
                         Instant now) { return engine.advertise(subject, options, now); })
      .value();
}

bool Town::publish(HostIndex node, PublisherId publisher) {
  std::uint64_t& number = published_[{node, publisher}];
  const auto accepted = world.command(node, [&](overlay::Engine& engine, Instant now) {
    return engine.publish(publisher, as_bytes(std::to_string(number)), now);
  });
  if (!accepted) return false;
  ++number;
  return true;
}

const std::vector<HostIndex>& Town::receivers(HostIndex node, PublisherId publisher) {
  return receivers_[{node, publisher}];
}

bool Town::wait_for_receivers(HostIndex node, PublisherId publisher, std::size_t count,
                              Duration most) {
  return world.run_while_not([&] { return receivers(node, publisher).size() >= count; }, most);
}

const Town::Numbers& Town::received(HostIndex node, SubscriptionId subscription, HostIndex sender) {
  return received(node, subscription, world.engine(sender).status().identity);
}

const Town::Numbers& Town::received(HostIndex node, SubscriptionId subscription,
                                    const Fingerprint& identity) {
  return received_[{node, subscription, identity}];
}

HostIndex Town::coordinator(std::string_view subject) const {
  return world.closest_live(subject_id({}, subject).value());
}

void Town::watch(HostIndex node, const overlay::Output& output) {
  if (const auto* ready = std::get_if<overlay::ReadyChanged>(&output); ready && ready->ready) {
    time_to_ready.emplace(node, world.now() - started_[node]);
  } else if (const auto* failed = std::get_if<overlay::JoinFailed>(&output)) {
    join_failures[node].push_back(failed->why);
  } else if (const auto* matched = std::get_if<overlay::PublisherMatched>(&output)) {
    receivers_[{node, matched->publisher}].push_back(world.find(matched->node).value());
  } else if (const auto* unmatched = std::get_if<overlay::PublisherUnmatched>(&output)) {
    // Several receivers may be at one node.
    auto& receivers = receivers_[{node, unmatched->publisher}];
    const auto gone = std::ranges::find(receivers, world.find(unmatched->node).value());
    if (gone != receivers.end()) receivers.erase(gone);
  } else if (const auto* more = std::get_if<overlay::MessagesExpired>(&output)) {
    expired += more->count;
  } else if (const auto* trace = std::get_if<overlay::TraceDone>(&output)) {
    traces[{node, trace->trace}] = trace->hops;
  } else if (const auto* delivered = std::get_if<overlay::Delivered>(&output)) {
    note(node, *delivered);
  }
}

void Town::note(HostIndex node, const overlay::Delivered& delivered) {
  const std::string payload(as_text(delivered.payload));
  received_[{node, delivered.subscription, delivered.sender}].push_back(
      std::strtoull(payload.c_str(), nullptr, 10));
}

Town::Numbers first_numbers(std::uint64_t count) {
  Town::Numbers numbers;
  for (std::uint64_t i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace kith::test
