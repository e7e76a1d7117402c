#include "apps/control/protocol.hpp"

#include <string>

#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include "apps/control/pick.hpp"
#include "apps/failure.hpp"

namespace kith::apps {
namespace {

TEST(ControlRequest, IsReadAsItWasWritten) {
  for (const ControlRequest& request :
       {ControlRequest(AskStatus{}), ControlRequest(AskPeers{}),
        ControlRequest(AskTrace{.subject = "news/größer", .timeout = std::chrono::seconds(5)})}) {
    const auto read = parse_request(boost::json::serialize(to_json(request)));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->index(), request.index());
    if (const auto* trace = std::get_if<AskTrace>(&*read)) {
      EXPECT_EQ(trace->subject, "news/größer");
      EXPECT_EQ(trace->timeout, std::chrono::seconds(5));
    }
  }
}

TEST(ControlRequest, IsRefusedUnlessItIsExact) {
  for (const std::string& line : {
           std::string(""),
           std::string("x"),
           std::string("[]"),
           std::string("{}"),
           std::string("null"),
           std::string(R"({"ask":1})"),
           std::string(R"({"ask":"stop"})"),
           std::string(R"({"ask":"status","more":1})"),
           std::string(R"({"ask":"status"} x)"),
           std::string(R"({"ask":"trace"})"),
           std::string(R"({"ask":"trace","subject":"a"})"),
           std::string(R"({"ask":"trace","subject":"","timeout_ms":5})"),
           std::string(R"({"ask":"trace","subject":3,"timeout_ms":5})"),
           std::string(R"({"ask":"trace","subject":"a","timeout_ms":0})"),
           std::string(R"({"ask":"trace","subject":"a","timeout_ms":60001})"),
           std::string(R"({"ask":"trace","subject":"a","timeout_ms":"5"})"),
           std::string(R"({"ask":"trace","subject":"a","timeout_ms":5,"x":1})"),
           "{\"ask\":\"trace\",\"subject\":\"" + std::string(256, 'a') + "\",\"timeout_ms\":5}",
           std::string(2'000, '[') + std::string(2'000, ']'),
           std::string(kControlRequestBytesMax + 1, ' '),
       })
    EXPECT_FALSE(parse_request(line)) << line;
}

TEST(ControlRequest, AboutTicketsAndContactsIsReadAsItWasWritten) {
  const Fingerprint fingerprint({1, 2, 3});
  for (const ContactsRequest& request :
       {ContactsRequest(IssueTicket{}),
        ContactsRequest(IssueTicket{{.address = "example.org:3141",
                                     .partner = fingerprint,
                                     .life = std::chrono::minutes(5)}}),
        ContactsRequest(RedeemTicket{.ticket = "kith-ticket:",
                                     .life = std::chrono::hours(1),
                                     .timeout = std::chrono::seconds(1)}),
        ContactsRequest(RedeemTicket{.ticket = "kith-ticket:" + std::string(2036, 'A'),
                                     .certificate = Bytes(1024, 7),
                                     .partner = fingerprint.bytes(),
                                     .life = std::chrono::hours(24 * 365),
                                     .timeout = std::chrono::seconds(10)}),
        ContactsRequest(AskTickets{}), ContactsRequest(RevokeTicket{fingerprint}),
        ContactsRequest(AskContacts{}), ContactsRequest(EndContact{{9, 8, 7}}),
        ContactsRequest(
            ConnectContact{.contact = {9, 8, 7}, .timeout = std::chrono::seconds(35)})}) {
    const std::string line = boost::json::serialize(to_json(ControlRequest(request)));
    const auto read = parse_request(line);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(boost::json::serialize(to_json(*read)), line);
  }
}

TEST(ControlRequest, AboutTicketsAndContactsIsRefusedUnlessItIsExact) {
  for (
      const std::string& line : {
          std::string(R"({"ask":"tickets","more":1})"),
          std::string(R"({"ask":"issue_ticket"})"),
          std::string(R"({"ask":"issue_ticket","address":1,"partner":"","life_ms":1})"),
          std::string(R"({"ask":"issue_ticket","address":"","partner":"x","life_ms":1})"),
          std::string(R"({"ask":"issue_ticket","address":"","partner":1,"life_ms":1})"),
          std::string(R"({"ask":"issue_ticket","address":"","partner":"","life_ms":0})"),
          std::string(R"({"ask":"issue_ticket","address":"","partner":"","life_ms":2592000001})"),
          std::string(
              R"({"ask":"redeem_ticket","ticket":"t","certificate":"","partner":"","life_ms":1,"timeout_ms":60001})"),
          std::string(
              R"({"ask":"redeem_ticket","ticket":1,"certificate":"","partner":"","life_ms":1,"timeout_ms":1})"),
          std::string(
              R"({"ask":"redeem_ticket","ticket":"t","certificate":"","partner":"","timeout_ms":1})"),
          std::string(R"({"ask":"revoke_ticket","hash":"abc"})"),
          std::string(R"({"ask":"revoke_ticket"})"),
          std::string(R"({"ask":"end_contact","contact":"0123"})"),
          std::string(R"({"ask":"connect_contact","contact":"0123","timeout_ms":1})"),
          R"({"ask":"connect_contact","contact":")" + std::string(32, '0') + R"("})",
          R"({"ask":"connect_contact","contact":")" + std::string(32, '0') +
              R"(","timeout_ms":60001})",
          std::string(R"({"ask":"end_contact","contact":0})"),
          "{\"ask\":\"redeem_ticket\",\"ticket\":\"" + std::string(2049, 'a') +
              "\",\"certificate\":\"\",\"partner\":\"\",\"life_ms\":1,\"timeout_ms\":1}",
          std::string(R"({"ask":"redeem_ticket","ticket":"t","life_ms":1,"timeout_ms":1})"),
          std::string(R"({"ask":"redeem_ticket","ticket":"t","certificate":"!","partner":"",)"
                      R"("life_ms":1,"timeout_ms":1})"),
          std::string(R"({"ask":"redeem_ticket","ticket":"t","certificate":"","partner":"x",)"
                      R"("life_ms":1,"timeout_ms":1})"),
      })
    EXPECT_FALSE(parse_request(line)) << line;
}

TEST(ControlRequest, AboutTheBlockListIsReadAsItWasWritten) {
  const Fingerprint fingerprint({1, 2, 3});
  for (const BlocksRequest& request :
       {BlocksRequest(AddBlock{.who = fingerprint, .life = kBlockLifeMax}),
        BlocksRequest(AskBlocks{}), BlocksRequest(RemoveBlock{fingerprint})}) {
    const std::string line = boost::json::serialize(to_json(ControlRequest(request)));
    const auto read = parse_request(line);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(boost::json::serialize(to_json(*read)), line);
  }
  const std::string who = fingerprint.to_string();
  for (const std::string& line : {
           std::string(R"({"ask":"blocks","more":1})"),
           std::string(R"({"ask":"add_block"})"),
           std::string(R"({"ask":"add_block","who":"abc","life_ms":1})"),
           std::string(R"({"ask":"add_block","who":1,"life_ms":1})"),
           R"({"ask":"add_block","who":")" + who + R"("})",
           R"({"ask":"add_block","who":")" + who + R"(","life_ms":0})",
           R"({"ask":"add_block","who":")" + who + R"(","life_ms":3153600000001})",
           R"({"ask":"add_block","who":")" + who + R"(","life_ms":1,"x":1})",
           std::string(R"({"ask":"remove_block","who":""})"),
           R"({"ask":"remove_block","who":")" + who + R"(","life_ms":1})",
       })
    EXPECT_FALSE(parse_request(line)) << line;
}

TEST(ControlAnswer, SaysWhatBecameOfATicket) {
  const WallTime now(std::chrono::hours(100));
  const auto state = [&](const TicketStatus& ticket) {
    const auto answer = to_json(std::vector{ticket}, now);
    return std::string(answer.at("tickets").as_array().at(0).at("state").as_string());
  };
  TicketStatus ticket;
  ticket.expires_at = now + std::chrono::hours(1);
  EXPECT_EQ(state(ticket), "open");
  ticket.expires_at = now;
  EXPECT_EQ(state(ticket), "expired");
  ticket.revoked_at = now;
  EXPECT_EQ(state(ticket), "revoked");
  ticket.used_at = now;
  EXPECT_EQ(state(ticket), "used");
}

TEST(ControlAnswer, SaysWhetherAContactIsOpen) {
  const WallTime now(std::chrono::hours(100));
  const auto state = [&](const Contact& contact) {
    const auto answer = to_json(std::vector{contact}, now);
    return std::string(answer.at("contacts").as_array().at(0).at("state").as_string());
  };
  Contact contact;
  contact.expires_at = now + std::chrono::hours(1);
  EXPECT_EQ(state(contact), "open");
  contact.expires_at = now;
  EXPECT_EQ(state(contact), "expired");
  contact.ended_at = now;
  EXPECT_EQ(state(contact), "ended");
  contact.is_orphaned = true;
  EXPECT_EQ(state(contact), "orphaned");
}

TEST(ControlAnswer, NamesHowFarTheLastDialOfAContactCame) {
  const auto last_dial = [&](const std::optional<ContactDial>& dial) {
    Contact contact;
    contact.last_dial = dial;
    const auto answer = to_json(std::vector{contact}, WallTime());
    return answer.at("contacts").as_array().at(0).at("last_dial");
  };
  EXPECT_TRUE(last_dial(std::nullopt).is_null());
  for (const auto& [step, word] :
       {std::pair(JoinStep::connecting, "resolved"), std::pair(JoinStep::handshake, "connected"),
        std::pair(JoinStep::joining, "related")}) {
    const boost::json::object expected{
        {"endpoint", "192.0.2.1:1"}, {"flow", "C"}, {"reached", word}};
    EXPECT_EQ(last_dial(ContactDial{'C', "192.0.2.1:1", step}), expected);
  }
}

TEST(Pick, WantsABeginningThatOneAloneHas) {
  const boost::json::array list{boost::json::object{{"id", "abc"}},
                                boost::json::object{{"id", "abd"}},
                                boost::json::object{{"id", "x"}}};
  EXPECT_EQ(pick(list, "id", "abd", "thing").at("id"), "abd");
  EXPECT_EQ(pick(list, "id", "x", "thing").at("id"), "x");
  for (const char* prefix : {"", "ab", "y", "abcd"})
    EXPECT_THROW(static_cast<void>(pick(list, "id", prefix, "thing")), Failure) << prefix;
}

TEST(ControlAnswer, IsOneLine) {
  const std::string line = error_line(Errc::timed_out, "a\nb");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_NE(line.find("\"code\":\"timed_out\""), std::string::npos);
}

}  // namespace
}  // namespace kith::apps
