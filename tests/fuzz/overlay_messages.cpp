// Messages of membership, routing and relationships, read from any bytes: what is read is written
// the same again.

#include <cstddef>
#include <cstdint>

#include "core/assert.hpp"
#include "overlay/membership/judgement.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "overlay/router/messages.hpp"

using namespace kith;
using namespace kith::overlay;

namespace {

void expect_same(const Bytes& written, ByteView read) {
  KITH_ASSERT(written == Bytes(read.begin(), read.end()));
}

void read_relations(ByteView bytes) {
  if (const auto relate = decode_relate(bytes)) expect_same(encode(*relate), bytes);
  if (const auto related = decode_related(bytes)) expect_same(encode_related(*related), bytes);
  if (const auto told = decode_relation_message(bytes)) expect_same(encode(*told), bytes);
  if (const auto taken = decode_relation_taken(bytes)) expect_same(encode(*taken), bytes);
  if (const auto end = decode_relation_end(bytes)) expect_same(encode(*end), bytes);
  if (const auto none = decode_no_relation(bytes)) expect_same(encode_no_relation(*none), bytes);
  if (const auto token = decode_introduce(bytes)) expect_same(encode_introduce(*token), bytes);
  if (const auto query = decode_query(bytes)) expect_same(encode(*query), bytes);
  if (const auto reply = decode_reply(bytes)) expect_same(encode(*reply), bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  static_cast<void>(peek_kind(bytes));
  if (const auto join = decode_join(bytes)) expect_same(encode(*join), bytes);
  if (const auto piggy = decode_piggy(bytes)) expect_same(encode(*piggy), bytes);
  if (const auto update = decode_token_message(bytes, MessageKind::update))
    expect_same(encode_update(*update), bytes);
  if (const auto announce = decode_token_message(bytes, MessageKind::announce))
    expect_same(encode_announce(*announce), bytes);
  if (const auto role = decode_acknowledge(bytes)) expect_same(encode_acknowledge(*role), bytes);
  if (const auto later = decode_not_acknowledged(bytes))
    expect_same(encode_not_acknowledged(*later), bytes);
  if (decode_bare(bytes, MessageKind::leave)) expect_same(encode_bare(MessageKind::leave), bytes);
  if (const auto judge = decode_judge(bytes)) expect_same(encode(*judge), bytes);
  if (const auto judgement = decode_judgement(bytes)) expect_same(encode(*judgement), bytes);
  if (const auto route = decode_route(bytes)) expect_same(encode(*route), bytes);
  if (const auto answer = decode_answer(bytes)) expect_same(encode(*answer), bytes);
  read_relations(bytes);
  return 0;
}
