#pragma once

#include <cstddef>
#include <string_view>

#include <kith/fingerprint.hpp>
#include <kith/result.hpp>

namespace kith {

inline constexpr std::size_t kSubjectNameBytesMax = 255;

/// Names that begin so are for the overlay itself.
inline constexpr std::string_view kReservedSubjects = "kith/";

/// Whether no application may declare the subject `name`.
[[nodiscard]] constexpr bool is_reserved_subject(std::string_view name) {
  return name.starts_with(kReservedSubjects);
}

/// The place in the ring of the subject `name` in `realm`.  `Errc::bad_text` unless the name is
/// UTF-8 and not empty, `Errc::too_long` if it is over `kSubjectNameBytesMax`.
[[nodiscard]] Result<Fingerprint> subject_id(const Fingerprint& realm, std::string_view name);

}  // namespace kith
