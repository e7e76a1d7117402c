#include "overlay/sim/latency.hpp"

#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "core/assert.hpp"
#include "core/random.hpp"

namespace kith::sim {
namespace {

constexpr std::size_t kQuantiles = 256;
/// An entry is a round trip in 10 µs.
constexpr std::uint32_t kOneWayUsPerEntry = 5;

std::uint64_t mix2(std::uint64_t a, std::uint64_t b) { return mix64(a ^ mix64(b)); }

Result<std::uint32_t> square_root(std::size_t entries) {
  std::uint32_t root = 0;
  while (std::size_t{root} * root < entries) ++root;
  if (entries == 0 || std::size_t{root} * root != entries) {
    return std::unexpected(Errc::out_of_range);
  }
  return root;
}

/// The text up to the next line feed, which is taken off `rest` with it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

Result<std::vector<std::uint32_t>> parse_access(std::string_view text) {
  take_line(text);  // The heading.
  std::vector<std::uint32_t> quantiles;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::string_view field = line.substr(line.rfind(',') + 1);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(field.begin(), field.end(), value);
    if (error != std::errc{} || end != field.end()) return std::unexpected(Errc::bad_text);
    quantiles.push_back(value);
  }
  if (quantiles.size() != kQuantiles) return std::unexpected(Errc::bad_text);
  return quantiles;
}

}  // namespace

LatencyModel::LatencyModel(std::vector<std::uint32_t> one_way_us, std::uint32_t sites,
                           std::uint64_t seed)
    : one_way_us_(std::move(one_way_us)),
      sites_(sites),
      salt_(seed * 1'000'003 + 2),
      access_us_(kQuantiles) {}

LatencyModel LatencyModel::constant(Duration one_way) {
  KITH_ASSERT(one_way.count() >= 0 && one_way.count() <= std::numeric_limits<std::uint32_t>::max());
  return {{static_cast<std::uint32_t>(one_way.count())}, 1, 0};
}

Result<LatencyModel> LatencyModel::wonder(ByteView round_trips, std::uint64_t seed) {
  if (round_trips.size() % 2 != 0) return std::unexpected(Errc::out_of_range);
  const auto sites = square_root(round_trips.size() / 2);
  if (!sites) return std::unexpected(sites.error());
  std::vector<std::uint32_t> one_way_us;
  one_way_us.reserve(round_trips.size() / 2);
  for (std::size_t at = 0; at < round_trips.size(); at += 2) {
    const auto entry = static_cast<std::uint32_t>(round_trips[at] | round_trips[at + 1] << 8);
    one_way_us.push_back(entry * kOneWayUsPerEntry);
  }
  return LatencyModel(std::move(one_way_us), *sites, seed);
}

Result<LatencyModel> LatencyModel::wonder_home(ByteView round_trips, ByteView access,
                                               std::uint64_t seed) {
  auto model = wonder(round_trips, seed);
  if (!model) return model;
  auto quantiles = parse_access(as_text(access));
  if (!quantiles) return std::unexpected(quantiles.error());
  model->access_us_ = std::move(*quantiles);
  return model;
}

Place LatencyModel::place(const Fingerprint& node) const {
  const std::uint64_t hash = mix2(salt_, node.top64());
  return {.site = static_cast<std::uint32_t>(hash % sites_),
          .access_us = access_us_[(hash >> 48) & (kQuantiles - 1)]};
}

}  // namespace kith::sim
