#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/assert.hpp"
#include "overlay/coordinator/messages.hpp"

/// What coordinators and declaring nodes say to each other: whatever is accepted is encoded again
/// to the very same bytes, so that no message has two forms.
namespace {

using namespace kith;
using namespace kith::overlay;

std::vector<IntentView> views_of(const std::vector<PeerIntent>& peers) {
  std::vector<IntentView> views;
  for (const PeerIntent& peer : peers) views.push_back(view_of(peer));
  return views;
}

std::vector<RecordView> views_of(const std::vector<ReplicatedRecord>& records) {
  std::vector<RecordView> views;
  for (const ReplicatedRecord& record : records) {
    if (const auto* peer = std::get_if<PeerIntent>(&record.what))
      views.push_back({record.age, view_of(*peer)});
    else
      views.push_back({record.age, &std::get<Withdrawal>(record.what)});
  }
  return views;
}

void expect_same(ByteView input, const Bytes& again) {
  KITH_ASSERT(std::equal(input.begin(), input.end(), again.begin(), again.end()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto it = decode_declare(input))
    expect_same(input, encode_declare(view_of(it->peer), it->known));
  if (const auto it = decode_declared(input))
    expect_same(input,
                encode_declared({it->verdict, it->until, it->holders, views_of(it->matches)}));
  if (const auto it = decode_withdraw(input)) expect_same(input, encode_withdraw(*it));
  if (const auto it = decode_matches(input)) expect_same(input, encode_matches(views_of(*it)));
  if (const auto it = decode_unmatched(input)) expect_same(input, encode_unmatched(*it));
  if (const auto it = decode_replicate(input))
    expect_same(input, encode_replicate(it->number, views_of(it->records), it->summaries));
  if (const auto it = decode_replicated(input))
    expect_same(input, encode_replicated(it->number, it->wanted));
  return 0;
}
