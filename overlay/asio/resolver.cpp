#include "overlay/asio/resolver.hpp"

#include <system_error>
#include <utility>

#include "overlay/asio/own_thread.hpp"

namespace kith::overlay {
namespace {

constexpr auto kBusy = boost::system::errc::resource_unavailable_try_again;

std::future<LookedUp> refusal() {
  std::promise<LookedUp> answer;
  answer.set_value(std::unexpected(make_error_code(kBusy)));
  return answer.get_future();
}

}  // namespace

Resolver::Resolver(LookUp look_up) : state_(std::make_shared<State>(std::move(look_up))) {}

std::future<LookedUp> Resolver::ask(const Address& address, std::size_t under_way_max) const {
  if (state_->under_way++ >= under_way_max) {
    --state_->under_way;
    return refusal();
  }
  std::promise<LookedUp> promise;
  auto answer = promise.get_future();
  try {
    start_thread([state = state_, address, promise = std::move(promise)]() mutable {
      LookedUp found = state->look_up(address);
      --state->under_way;
      promise.set_value(std::move(found));
    }).detach();
  } catch (const std::system_error&) {
    --state_->under_way;
    return refusal();
  }
  return answer;
}

Result<std::vector<Endpoint>> endpoints_of(LookedUp answer) {
  if (answer) return sorted(std::move(*answer));
  return std::unexpected(answer.error() == kBusy ? Errc::limit_reached : Errc::unreachable);
}

}  // namespace kith::overlay
