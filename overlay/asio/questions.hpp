#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/node.hpp>
#include <kith/result.hpp>

#include "overlay/asio/waiting.hpp"
#include "overlay/engine.hpp"

namespace kith::overlay {

/// The questions that a node answers for anybody, and those that it asks others: takes them to the
/// application and to the engine.  In turns of the node alone.
class Questions {
 public:
  using Answers = std::map<std::string, PublicAnswer>;
  /// Runs what the application gave us: what that throws goes no further.
  using Call = std::function<void(const std::function<void()>&)>;

  /// Throws `StartError` for a topic that nobody can ask about.
  Questions(Answers answers, Call call);

  [[nodiscard]] std::set<std::string, std::less<>> topics() const;

  /// Asks who answers at `target`; the slot is filled once that is known.
  void ask(const JoinTarget& target, std::string_view topic, ByteView question,
           const Slot<Bytes>& slot, Engine& engine);

  // What the engine tells.

  void on(const QueryAsked& asked, Engine& engine);
  void on(const QueryAnswered& answered);
  void on(const QueryFailed& failed);

 private:
  const Answers answers_;
  const Call call_;
  std::map<QueryId, Slot<Bytes>> asking_;
};

}  // namespace kith::overlay
