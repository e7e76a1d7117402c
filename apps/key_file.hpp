#pragma once

#include <string>

#include <kith/node.hpp>

namespace kith::apps {

/// Reads the keys of a node.  Throws `Failure` unless `path` is a plain file of ours, no symbolic
/// link, that nobody else may read.
[[nodiscard]] NodeKeys read_key_file(const std::string& path);

/// Writes them, readable by us alone: the file is there with all of its bytes, or as it was before.
/// Throws `Failure`, also if there is such a file and `replace` is false, or something that is no
/// plain file.
void write_key_file(const std::string& path, const NodeKeys& keys, bool replace);

}  // namespace kith::apps
