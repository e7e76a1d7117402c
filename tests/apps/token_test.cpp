// Tokens on the command line.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "tests/apps/program.hpp"
#include "tests/tokens/token_samples.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string text_in(const Finished& finished, const char* key) {
  return std::string(boost::json::parse(finished.output).as_object().at(key).as_string());
}

TEST(TokenShow, ReadsWhatKeyVouchPrints) {
  const Folder folder;
  const Finished leader = run_kith({"key", "new", folder / "leader", "--json"});
  const Finished node = run_kith({"key", "new", folder / "node", "--json"});
  const Finished vouched =
      run_kith({"key", "vouch", folder / "leader", text_in(node, "public_key")});
  const auto show = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"token", "show", "-", "--json"});
    return run_kith(Invocation{.arguments = more, .input = vouched.output});
  };
  const Finished known = show({"--realm-leader", text_in(leader, "public_key")});
  ASSERT_EQ(known.code, 0) << known.error;
  EXPECT_EQ(text_in(known, "kind"), "identity");
  EXPECT_EQ(text_in(known, "public_key"), text_in(node, "public_key"));
  EXPECT_EQ(text_in(known, "signature"), "good");
  EXPECT_EQ(text_in(show({}), "signature"), "not checked");
}

TEST(TokenShow, SaysNullToScriptsAndWordsToPeople) {
  const Folder folder;
  const Finished leader = run_kith({"key", "new", folder / "leader", "--json"});
  const Finished token =
      run_kith({"key", "vouch", folder / "leader", text_in(leader, "public_key")});
  const auto show = [&](const std::vector<std::string>& arguments) {
    return run_kith(Invocation{.arguments = arguments, .input = token.output}).output;
  };
  const auto shown = boost::json::parse(show({"token", "show", "-", "--json"}));
  EXPECT_TRUE(shown.as_object().at("audience").is_null());
  EXPECT_THAT(show({"token", "show", "-"}), HasSubstr("anybody"));
}

TEST(TokenShow, SaysThatAFileHoldsNone) {
  const Folder folder;
  const Finished finished = run_kith({"token", "show", folder.file("f", "nothing")});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.output, IsEmpty());
  EXPECT_THAT(finished.error, HasSubstr("no token"));
  EXPECT_EQ(run_kith({"token", "show", folder / "g"}).code, 1);
}

TEST(TicketShow, AsksNoNodeAndShowsNoSecret) {
  Cast cast;
  const TicketToken ticket = cast.ticket_token();
  const std::string uri = to_uri(ticket);
  for (const Finished& finished :
       {run_kith({"ticket", "show", uri}),
        run_kith(Invocation{.arguments = {"ticket", "show", "-"}, .input = uri + "\n"})}) {
    EXPECT_EQ(finished.code, 0) << finished.error;
    EXPECT_THAT(finished.output, HasSubstr("example.org:3141"));
    EXPECT_THAT(finished.output, HasSubstr(ticket_hash(ticket.secret()).to_string()));
    EXPECT_THAT(finished.output, Not(HasSubstr(to_hex(ticket.secret().view()))));
    EXPECT_THAT(finished.output, Not(HasSubstr(uri.substr(20))));
  }
}

TEST(TicketShow, DoesNotRepeatWhatIsNoTicket) {
  const Finished finished = run_kith({"ticket", "show", "kith-ticket:c2VjcmV0"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.error, HasSubstr("no ticket"));
  EXPECT_THAT(finished.error, Not(HasSubstr("c2VjcmV0")));
}

}  // namespace
}  // namespace kith::test
