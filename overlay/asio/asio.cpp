#include <kith/asio.hpp>

#include <memory>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <kith/subject.hpp>

#include "overlay/asio/runtime.hpp"

namespace kith {
namespace {

namespace asio = boost::asio;
using overlay::Done;

/// Calls `handler` on its own executor, which has work until then, and outside of the node's turn.
template <class T>
Done<T> completion(ResultHandler<T> handler, asio::any_io_executor node) {
  auto work = asio::prefer(asio::get_associated_executor(handler, node),
                           asio::execution::outstanding_work.tracked);
  return [handler = std::move(handler), work = std::move(work),
          node = std::move(node)](Result<T> result) mutable {
    auto call = [handler = std::move(handler), result = std::move(result)]() mutable {
      std::move(handler)(std::move(result));
    };
    asio::post(node, [work = std::move(work), call = std::move(call)]() mutable {
      asio::dispatch(work, std::move(call));
    });
  };
}

/// The executor of a node that may be gone.
asio::any_io_executor executor_of(const std::shared_ptr<overlay::Driver>& driver) {
  return driver ? driver->executor() : asio::any_io_executor(asio::system_executor());
}

}  // namespace

Node AsyncStart::node(const asio::any_io_executor& executor, NodeConfig config) {
  return Node(Node::Runtime::start(std::move(config), executor));
}

Node make_node(const asio::any_io_executor& executor, NodeConfig config) {
  return AsyncStart::node(executor, std::move(config));
}

void AsyncStart::publish(Publisher& publisher, ByteView payload, ResultHandler<void> handler) {
  const auto& state = publisher.state_;
  state->publish_later(payload, state,
                       completion<void>(std::move(handler), executor_of(state->driver())));
}

void AsyncStart::drain(Publisher& publisher, Duration timeout, ResultHandler<void> handler) {
  const auto& state = publisher.state_;
  state->drain(state, timeout, completion<void>(std::move(handler), executor_of(state->driver())));
}

void AsyncStart::wait_for_match(Publisher& publisher, Duration timeout,
                                ResultHandler<void> handler) {
  const auto& state = publisher.state_;
  state->wait_for_match(state, timeout,
                        completion<void>(std::move(handler), executor_of(state->driver())));
}

void AsyncStart::wait_for_match(Subscription& subscription, Duration timeout,
                                ResultHandler<void> handler) {
  const auto& state = subscription.state_;
  Subscription::State::wait_for_match(
      state, timeout, completion<void>(std::move(handler), executor_of(state->driver.lock())));
}

void AsyncStart::wait_until_ready(Node& node, Duration timeout, ResultHandler<void> handler) {
  const auto& runtime = node.runtime_;
  runtime->wait_until_ready(timeout,
                            completion<void>(std::move(handler), runtime->driver().executor()));
}

void AsyncStart::trace(Node& node, std::string_view subject, Duration timeout,
                       ResultHandler<NodeTrace> handler) {
  const auto& runtime = node.runtime_;
  auto done = completion<NodeTrace>(std::move(handler), runtime->driver().executor());
  const auto key = subject_id(runtime->realm(), subject);
  if (!key) return done(std::unexpected(key.error()));
  runtime->trace(*key, timeout, std::move(done));
}

void AsyncStart::stop(Node& node, ResultHandler<void> handler) {
  const auto& runtime = node.runtime_;
  runtime->stopped().when_set(completion<void>(std::move(handler), runtime->driver().executor()));
  runtime->begin_stop();
}

}  // namespace kith
