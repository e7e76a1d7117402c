#include <cstddef>
#include <cstdint>

#include <kith/bytes.hpp>

#include "apps/config/config_file.hpp"
#include "core/assert.hpp"

namespace {

/// Whether an error is what a person can use: one line that begins with the place.
bool is_of_use(const std::string& complaint) {
  return complaint.starts_with("kith.toml:") && complaint.size() > 12 && complaint.size() < 2000 &&
         complaint.find_first_of("\n\r\x1B") == std::string::npos;
}

}  // namespace

/// Whatever a configuration file holds, it is read, or refused in one line that says where.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith::apps;
  const auto parsed = parse_config(kith::as_text({data, size}), "kith.toml");
  if (!parsed) {
    KITH_ASSERT(is_of_use(parsed.error()));
    return 0;
  }
  Settings settings;
  for (const Assignment& assignment : *parsed) {
    KITH_ASSERT(assignment.setting != nullptr);
    if (const auto applied = apply(assignment, settings); !applied)
      KITH_ASSERT(is_of_use(applied.error()));
  }
  return 0;
}
