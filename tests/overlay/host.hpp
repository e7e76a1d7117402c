#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/engine.hpp"
#include "overlay/session/session.hpp"
#include "tests/overlay/session/party.hpp"
#include "tokens/node_token.hpp"

namespace kith::overlay::test {

/// An engine with real keys, and what it said on each of its connections.  Says yes to every
/// question.
class Host {
 public:
  explicit Host(std::uint64_t seed = 1, const Fingerprint& realm = {},
                const std::function<void(EngineConfig&)>& change = {});

  /// A new connection to it.
  ConnectionId accept();
  void hear(ConnectionId connection, ByteView bytes);
  /// Carries bytes both ways until nobody has more to say.
  void converse(ConnectionId connection, Party& peer);
  void wait(Duration span);
  /// Lets the date alone jump.
  void shift_date(Duration by);
  /// Takes everything that the engine has to say.
  void drain();

  [[nodiscard]] NodeToken token() const;
  /// How others dial it with its token, to join it.
  [[nodiscard]] DialTarget target(WallTime time) const;

  Instant now = start_time();
  SeededRandom random;
  Engine engine;
  std::map<ConnectionId, Bytes> said;
  std::vector<Dial> dials;
  std::vector<ConnectionId> closed;
  /// Connections whose other end reads nothing.
  std::set<ConnectionId> frozen;

 private:
  void take(ConnectionId connection);
};

}  // namespace kith::overlay::test
