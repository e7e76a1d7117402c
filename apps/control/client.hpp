#pragma once

#include <string>
#include <utility>

#include <boost/json/object.hpp>

#include "apps/control/protocol.hpp"
#include "apps/failure.hpp"

namespace kith::apps {

/// What the asked node could not do, and `name` of the reason.
class NodeFailure : public Failure {
 public:
  NodeFailure(ExitCode code, const std::string& what, std::string error)
      : Failure(code, what), error_(std::move(error)) {}

  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  std::string error_;
};

/// Asks the node that answers at `path`; empty: the only one that runs here.  Throws `Failure`,
/// and `NodeFailure` where that node says what is wrong.
[[nodiscard]] boost::json::object ask_node(const std::string& path, const ControlRequest& request);

}  // namespace kith::apps
