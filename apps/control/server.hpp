#pragma once

#include <memory>
#include <string>

#include <kith/node.hpp>

namespace kith::apps {

/// Answers questions about a running node on a local socket, for the user who runs it.  On a thread
/// of its own, so that a slow asker holds up nobody.
class ControlServer {
 public:
  /// Listens at `path`.  Throws `Failure`.  `node` must outlive it, and be stopped before:
  /// otherwise its end waits for traces that are under way.
  ControlServer(const std::string& path, Node& node);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  /// Hangs up, and removes the socket.
  ~ControlServer();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace kith::apps
