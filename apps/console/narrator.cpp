#include "apps/console/narrator.hpp"

#include "apps/console/output.hpp"

namespace kith::apps {

void Narrator::tell(const std::string& line) const {
  if (!quiet_) complain(line);
}

Duration Narrator::elapsed() const {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start_);
}

}  // namespace kith::apps
