#include <array>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <kith/bytes.hpp>
#include <kith/subject.hpp>

#include "core/crypto/sodium.hpp"
#include "overlay/coordinator/messages.hpp"
#include "overlay/exchange/messages.hpp"
#include "overlay/membership/judgement.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/message_kind.hpp"
#include "overlay/relations/messages.hpp"
#include "overlay/router/messages.hpp"
#include "overlay/session/record.hpp"
#include "tokens/node_token.hpp"
#include "tokens/verify.hpp"

// The examples of docs/protocol.md, its last section, are what this program reads and writes.
// `tests/interop/vectors_test.py` computes them from the page.

namespace kith::overlay {
namespace {

/// `xx×n` is a run of n bytes.
Bytes expand(std::istringstream words) {
  Bytes bytes;
  for (std::string word; words >> word;) {
    const std::size_t times = word.find("×");
    const auto part = from_hex(word.substr(0, times));
    EXPECT_TRUE(part) << word;
    const int count = times == std::string::npos
                          ? 1
                          : std::stoi(word.substr(times + std::string_view("×").size()));
    for (int i = 0; i < count; ++i) append(bytes, *part);
  }
  return bytes;
}

class ProtocolExamples : public testing::Test {
 protected:
  ProtocolExamples() {
    std::ifstream page(std::string(KITH_SOURCE_DIR) + "/docs/protocol.md");
    bool is_there = false;
    for (std::string line; std::getline(page, line);) {
      is_there = is_there || (line.starts_with("## ") && line.ends_with(". Examples"));
      const std::size_t equals = line.find(" = ");
      if (!is_there || equals == std::string::npos) continue;
      const std::string name = line.substr(0, line.find_last_not_of(' ', equals) + 1);
      examples_.emplace(name, expand(std::istringstream(line.substr(equals + 3))));
    }
  }

  const Bytes& operator[](const std::string& name) const { return examples_.at(name); }

 private:
  std::map<std::string, Bytes> examples_;
};

Fingerprint filled(Byte byte) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  bytes.fill(byte);
  return Fingerprint(bytes);
}

TEST_F(ProtocolExamples, NamesAreThoseOfTheKeys) {
  const auto token = decode_node_token((*this)["node token"]);
  ASSERT_TRUE(token);
  const crypto::Primitives& primitives = crypto::sodium_primitives();
  EXPECT_TRUE(verify(token->token, *primitives.signatures, token->token.issued_at()));
  EXPECT_EQ(to_hex(token->token.public_key()), to_hex((*this)["public key"]));
  EXPECT_EQ(to_hex(token->static_key), to_hex((*this)["static key"]));
  EXPECT_EQ(to_hex(token->fingerprint().view()), to_hex((*this)["node"]));
  EXPECT_EQ(to_hex(identity_fingerprint(token->token.public_key()).view()),
            to_hex((*this)["identity"]));
  EXPECT_EQ(to_hex(subject_id(Fingerprint(), "news/weather")->view()), to_hex((*this)["subject"]));
}

TEST_F(ProtocolExamples, RecordsAreSealedLikeThese) {
  crypto::CipherKey key{};
  std::iota(key.mutable_view().begin(), key.mutable_view().end(), Byte{0});
  noise::CipherState sending{crypto::chacha20_poly1305(), std::move(key)};
  RecordWriter writer(RecordPadding::block256, nullptr);
  for (int number = 1; number <= 1025; ++number) {
    if (number == 1) {
      writer.add_item(ItemKind::ping, encode_ping(1));
    } else {
      writer.add_item(ItemKind::confirm, {});
    }
    Bytes frame;
    ASSERT_TRUE(writer.seal_into(sending, frame));
    if (number != 1 && number < 1024) continue;
    EXPECT_EQ(to_hex(crypto::blake2b_256({frame}).view()),
              to_hex((*this)["record " + std::to_string(number)]));
  }
}

TEST_F(ProtocolExamples, MessagesOfMembershipAreThese) {
  for (const char* name : {"join", "join of an identity"}) {
    const auto join = decode_join((*this)[name]);
    ASSERT_TRUE(join) << name;
    EXPECT_EQ(to_hex(encode(*join)), to_hex((*this)[name]));
  }
  const auto piggy = decode_piggy((*this)["piggy"]);
  ASSERT_TRUE(piggy);
  EXPECT_EQ(to_hex(encode(*piggy)), to_hex((*this)["piggy"]));
  const Bytes token(5, 0x77);
  EXPECT_EQ(encode_update(token), (*this)["update"]);
  EXPECT_EQ(encode_announce(token), (*this)["announce"]);
  EXPECT_EQ(encode_acknowledge(Participation::member), (*this)["acknowledge"]);
  EXPECT_EQ(encode_not_acknowledged(true), (*this)["not acknowledged"]);
  EXPECT_EQ(encode_bare(MessageKind::leave), (*this)["leave"]);
  EXPECT_EQ(encode_bare(MessageKind::lookup), (*this)["look-up"]);
  EXPECT_EQ(encode_bare(MessageKind::trace), (*this)["trace"]);
  EXPECT_EQ(encode(JudgeMessage{token, token}), (*this)["judge"]);
  const auto judgement = decode_judgement((*this)["judgement"]);
  ASSERT_TRUE(judgement);
  EXPECT_EQ(to_hex(encode(*judgement)), to_hex((*this)["judgement"]));
}

TEST_F(ProtocolExamples, RoutedMessagesAreThese) {
  const auto route = decode_route((*this)["route"]);
  ASSERT_TRUE(route);
  EXPECT_EQ(to_hex(encode(*route)), to_hex((*this)["route"]));
  const auto answer = decode_answer((*this)["answer"]);
  ASSERT_TRUE(answer);
  EXPECT_EQ(to_hex(encode(*answer)), to_hex((*this)["answer"]));
}

/// Those with tokens in them need real ones, and have their tests elsewhere.
TEST_F(ProtocolExamples, MessagesOfCoordinatorsAreThese) {
  const auto withdrawal = decode_withdraw((*this)["withdraw"]);
  ASSERT_TRUE(withdrawal);
  EXPECT_EQ(to_hex(encode_withdraw(*withdrawal)), to_hex((*this)["withdraw"]));
  const auto ends = decode_unmatched((*this)["unmatched"]);
  ASSERT_TRUE(ends);
  EXPECT_EQ(to_hex(encode_unmatched(*ends)), to_hex((*this)["unmatched"]));
  const auto replicated = decode_replicated((*this)["replicated"]);
  ASSERT_TRUE(replicated);
  EXPECT_EQ(to_hex(encode_replicated(replicated->number, replicated->wanted)),
            to_hex((*this)["replicated"]));
  const IntentKey key{filled(0xa1), filled(0xb2), filled(0xc3), IntentRole::receive};
  std::ostringstream digest;
  digest << std::hex << digest_of(key);
  EXPECT_EQ(digest.str(), to_hex((*this)["digest of a name"]));
}

TEST_F(ProtocolExamples, MessagesOfChannelsAreThese) {
  for (const char* name : {"open", "accept", "refuse", "data", "credit", "expired", "close"})
    EXPECT_TRUE(decode_exchange_message((*this)[name])) << name;
  const auto again = [&](const char* name) { return *decode_exchange_message((*this)[name]); };
  EXPECT_EQ(encode(std::get<OpenMessage>(again("open"))), (*this)["open"]);
  EXPECT_EQ(encode(std::get<AcceptMessage>(again("accept"))), (*this)["accept"]);
  EXPECT_EQ(encode(std::get<RefuseMessage>(again("refuse"))), (*this)["refuse"]);
  EXPECT_EQ(encode(std::get<CloseMessage>(again("close"))), (*this)["close"]);
  Bytes bytes;
  encode(std::get<CreditMessage>(again("credit")), bytes);
  EXPECT_EQ(bytes, (*this)["credit"]);
  encode(std::get<ExpiredMessage>(again("expired")), bytes);
  EXPECT_EQ(bytes, (*this)["expired"]);
  const auto data = std::get<DataMessage>(again("data"));
  encode_header(data, bytes);
  append(bytes, data.payloads);
  EXPECT_EQ(bytes, (*this)["data"]);
}

TEST_F(ProtocolExamples, MessagesOfRelationshipsAreThese) {
  const auto& of = *this;
  EXPECT_EQ(encode(*decode_relate(of["relate"])), of["relate"]);
  EXPECT_EQ(encode_related(*decode_related(of["related"])), of["related"]);
  EXPECT_EQ(encode_bare(MessageKind::not_related), of["not related"]);
  EXPECT_EQ(encode(*decode_relation_message(of["message"])), of["message"]);
  EXPECT_EQ(encode(*decode_relation_taken(of["taken"])), of["taken"]);
  EXPECT_EQ(encode(*decode_relation_end(of["end"])), of["end"]);
  EXPECT_EQ(encode_no_relation(*decode_no_relation(of["no relation"])), of["no relation"]);
  EXPECT_EQ(encode_introduce(*decode_introduce(of["introduce"])), of["introduce"]);
  EXPECT_EQ(encode(*decode_query(of["query"])), of["query"]);
  EXPECT_EQ(encode(*decode_reply(of["reply"])), of["reply"]);
}

}  // namespace
}  // namespace kith::overlay
