#include <kith/subject.hpp>

#include "core/codec/utf8.hpp"
#include "core/crypto/primitives.hpp"

namespace kith {

Result<Fingerprint> subject_id(const Fingerprint& realm, std::string_view name) {
  using namespace std::string_view_literals;
  constexpr std::string_view kDomain = "kith/1 subject\0"sv;

  if (name.size() > kSubjectNameBytesMax) return std::unexpected(Errc::too_long);
  if (name.empty() || !codec::is_utf8(as_bytes(name))) return std::unexpected(Errc::bad_text);
  return crypto::blake2b_256({as_bytes(kDomain), realm.view(), as_bytes(name)});
}

}  // namespace kith
