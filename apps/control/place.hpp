#pragma once

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/console/descriptor.hpp"

namespace kith::apps {

/// The folder of the control sockets of this user: `$XDG_RUNTIME_DIR/kith`, or `kith-<uid>` in the
/// folder for temporary files.
[[nodiscard]] std::string control_folder();

/// Where a node that listens on `port` answers; makes the folder.  Throws `Failure` if that is not
/// ours alone.
[[nodiscard]] std::string usual_control_path(std::uint16_t port);

/// `errno` where a node listens, and does not take those who wait for it: it is stopped.
inline constexpr int kControlIsSilent = EAGAIN;

/// The sockets in the usual folder at which a node answers, or is stopped, in order.
[[nodiscard]] std::vector<std::string> running_controls();

/// A connection to whoever answers at `path`; not open, with `errno`, if nobody does: after a
/// second `kControlIsSilent`.
[[nodiscard]] Descriptor connect_control(const std::string& path);

/// A socket that listens at `path`, for us alone; takes the place of one that was left behind.
/// Throws `Failure`, also if a node answers there.
[[nodiscard]] Descriptor listen_control(const std::string& path);

}  // namespace kith::apps
