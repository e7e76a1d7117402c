#include <cstdio>

#include <kith/asio.hpp>
#include <kith/node.hpp>

#if __has_include("core/random.hpp") || __has_include(<core/random.hpp>)
#error "an internal header of kith can be found from outside"
#endif

// What README.md shows, between two nodes.
int main() {
  kith::Node here{{.listen = {"tcp://127.0.0.1:0"}}};
  auto weather = here.subscribe("news/weather", [](const kith::Message& message) {
    std::printf("%s: %s\n", message.sender.abbreviated().c_str(),
                std::string(message.text()).c_str());
  });

  kith::Node there{{.join = here.addresses(), .listen = {"tcp://127.0.0.1:0"}}};
  auto out = there.publisher("news/weather");
  if (!out.wait_for_match(std::chrono::seconds(10))) return 1;
  if (!out.publish("sunny")) return 1;
  return out.drain(std::chrono::seconds(10)) ? 0 : 1;
}
