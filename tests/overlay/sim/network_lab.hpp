#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "overlay/sim/network.hpp"

namespace kith::sim {

inline constexpr Duration kOneWay{10'000};

inline Fingerprint id(Byte first) {
  std::array<Byte, 32> bytes{first};
  return Fingerprint(bytes);
}

inline Bytes text(std::string_view characters) {
  const ByteView view = as_bytes(characters);
  return {view.begin(), view.end()};
}

/// Hosts 10 ms apart, and a diary of what happened to them: "20ms 0 connected".
class Lab {
 public:
  explicit Lab(std::size_t hosts = 2, const NetworkConfig& config = {})
      : network(LatencyModel::constant(kOneWay), config) {
    for (std::size_t i = 0; i < hosts; ++i) network.add_host(id(static_cast<Byte>(i)), true);
  }

  std::vector<std::string> run(Duration time) {
    diary_.clear();
    const TimePoint until = network.now() + time;
    while (auto happening = network.next(until)) {
      std::visit([this](auto& what) { note(what); }, *happening);
    }
    return diary_;
  }

  /// Connects host 0 to host 1 and yields both ends.
  std::array<WireEnd, 2> connect() {
    const WireEnd dialer = network.dial(0, endpoint_of(1));
    run(4 * kOneWay);
    return {dialer, accepted_.at(1)};
  }

  Network network;

 private:
  void note(Woken& what) { write(what.host, "woken"); }
  void note(Accepted& what) {
    accepted_[what.host] = what.end;
    write(what.host, "accepted");
  }
  void note(Connected& what) { write(what.host, "connected"); }
  void note(ConnectFailed& what) { write(what.host, "failed"); }
  void note(Arrived& what) { write(what.host, as_text(what.bytes)); }
  void note(EndOfStream& what) { write(what.host, "end"); }
  void note(Broken& what) { write(what.host, "broken"); }

  void write(HostIndex host, std::string_view what) {
    const auto time =
        std::chrono::floor<std::chrono::milliseconds>(network.now().time_since_epoch());
    diary_.push_back(std::to_string(time.count()) + "ms " + std::to_string(host) + " " +
                     std::string(what));
  }

  std::vector<std::string> diary_;
  std::map<HostIndex, WireEnd> accepted_;
};

}  // namespace kith::sim
