#include "apps/config/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace kith::apps {
namespace {

/// Longer words are no typing errors, and not worth a table of their own length squared.
constexpr std::size_t kWordBytesMax = 64;

/// Whether the two have the same letters, so that they differ by their order alone.
bool is_anagram(std::string_view a, std::string_view b) {
  return std::ranges::is_permutation(a, b);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the table of Wagner and Fischer; the one before the last serves swaps.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known) {
  if (word.size() > kWordBytesMax) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2);
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > best_distance) continue;
    // Swapped letters are the more common slip: "jion" is rather "join" than "json".
    if (best && distance == best_distance &&
        (is_anagram(word, *best) || !is_anagram(word, candidate)))
      continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace kith::apps
