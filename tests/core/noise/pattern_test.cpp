#include "core/noise/pattern.hpp"

#include <array>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace kith::noise {
namespace {

using enum PatternToken;

/// Walks through a pattern by the rules of Noise §7.3 and §9.3, and says which one it breaks.
class RuleCheck {
 public:
  std::string broken_rule(const Pattern& pattern) {
    for (PatternToken token : pattern.initiator_before) know_before(initiator_, token);
    for (PatternToken token : pattern.responder_before) know_before(responder_, token);
    for (std::size_t i = 0; i < pattern.messages.size(); ++i) {
      Party& writer = i % 2 == 0 ? initiator_ : responder_;
      check_first_message(pattern.messages[i], writer);
      for (PatternToken token : pattern.messages[i]) take(token, writer);
      check_may_encrypt(writer);
    }
    // Either may send a transport message; in a one-way pattern only the initiator.
    check_may_encrypt(initiator_);
    if (!pattern.is_one_way()) check_may_encrypt(responder_);
    if (!done_.contains(ee) && !done_.contains(es)) complain("no Diffie-Hellman on a fresh key");
    return broken_;
  }

 private:
  struct Party {
    std::set<PatternToken> sent = {};
    bool knows_static = false;
    bool is_initiator = false;
  };

  void complain(std::string_view rule) {
    if (broken_.empty()) broken_ = rule;
  }

  void know_before(Party& owner, PatternToken token) {
    if (token != s) return complain("a pre-message other than s");
    if (owner.knows_static) complain("a key twice");
    owner.knows_static = true;
  }

  void check_first_message(std::span<const PatternToken> message, const Party& writer) {
    if (writer.sent.contains(e)) return;
    const std::size_t at = !message.empty() && message.front() == psk ? 1 : 0;
    if (at >= message.size() || message[at] != e) complain("a first message without e");
  }

  void take(PatternToken token, Party& writer) {
    switch (token) {
      case e:
        if (!writer.sent.insert(e).second) complain("a key twice");
        return;
      case s:
        if (writer.knows_static) complain("a key twice");
        if (has_key_) check_may_encrypt(writer);
        writer.knows_static = true;
        return;
      case psk:
        psk_used_ = true;
        break;
      case ee:
        require(initiator_.sent.contains(e) && responder_.sent.contains(e));
        break;
      case es:
        require(initiator_.sent.contains(e) && responder_.knows_static);
        break;
      case se:
        require(initiator_.knows_static && responder_.sent.contains(e));
        break;
      case ss:
        require(initiator_.knows_static && responder_.knows_static);
        break;
    }
    has_key_ = true;
    if (token != psk && !done_.insert(token).second) complain("a Diffie-Hellman twice");
  }

  void require(bool keys_are_there) {
    if (!keys_are_there) complain("a Diffie-Hellman without its keys");
  }

  /// §7.3, fourth rule: no ciphertext under a key in which the writer has nothing fresh.
  void check_may_encrypt(const Party& writer) {
    const PatternToken own_static = writer.is_initiator ? se : es;
    const PatternToken own_fresh = writer.is_initiator ? es : se;
    if (done_.contains(own_static) && !done_.contains(ee)) complain("a static without ee");
    if (done_.contains(ss) && !done_.contains(own_fresh)) complain("ss without fresh key");
    if (psk_used_ && !writer.sent.contains(e)) complain("psk without e");
  }

  Party initiator_{.is_initiator = true};
  Party responder_;
  std::set<PatternToken> done_;
  bool has_key_ = false;
  bool psk_used_ = false;
  std::string broken_;
};

/// Where the psk tokens stand, as §9.4 writes it: psk0 at the front, pskN at the end of message N.
std::string psk_modifier(const Pattern& pattern) {
  std::string modifier;
  for (std::size_t i = 0; i < pattern.messages.size(); ++i) {
    const auto message = pattern.messages[i];
    if (i == 0 && message.front() == psk) modifier += "psk0";
    if (message.back() == psk) modifier += "psk" + std::to_string(i + 1);
  }
  return modifier;
}

TEST(Patterns, KeepTheRulesOfNoise) {
  for (const Pattern& pattern : patterns()) {
    EXPECT_EQ(RuleCheck().broken_rule(pattern), "") << pattern.name;
  }
}

TEST(Patterns, HaveTheirPskWhereTheirNameSays) {
  for (const Pattern& pattern : patterns()) {
    const std::size_t at = pattern.name.find("psk");
    const auto expected = at == pattern.name.npos ? "" : pattern.name.substr(at);
    EXPECT_EQ(psk_modifier(pattern), expected) << pattern.name;
  }
}

TEST(Patterns, KnowAndSendTheStaticKeysThatTheirNameSays) {
  for (const Pattern& pattern : patterns()) {
    std::string letters;
    for (char c : pattern.name.substr(0, pattern.name.find("psk"))) {
      if (c != '1') letters += c;
    }
    const bool one_way = letters.size() == 1;
    const char initiator = one_way ? 'N' : letters[0];
    const char responder = one_way ? 'K' : letters[1];
    EXPECT_EQ(pattern.is_one_way(), one_way);
    EXPECT_EQ(!pattern.initiator_before.empty(), initiator == 'K') << pattern.name;
    EXPECT_EQ(!pattern.responder_before.empty(), responder == 'K') << pattern.name;
    std::array<bool, 2> sends{};
    for (std::size_t i = 0; i < pattern.messages.size(); ++i) {
      for (PatternToken token : pattern.messages[i]) sends[i % 2] |= token == s;
    }
    EXPECT_EQ(sends[0], initiator == 'X' || initiator == 'I') << pattern.name;
    EXPECT_EQ(sends[1], responder == 'X') << pattern.name;
  }
}

TEST(Patterns, AreFoundByTheirName) {
  EXPECT_EQ(patterns().size(), 18U);
  for (const Pattern& pattern : patterns()) EXPECT_EQ(find_pattern(pattern.name), &pattern);
  EXPECT_EQ(find_pattern("XXpsk9"), nullptr);
  EXPECT_EQ(find_pattern(""), nullptr);
}

/// A pattern of up to three messages, to be found wrong.
struct BrokenPattern {
  std::string_view rule;
  std::vector<PatternToken> responder_before;
  std::vector<std::vector<PatternToken>> messages;
};

// So that the check above is known to find something.
TEST(PatternRules, AreBrokenByWrongPatterns) {
  const std::array broken = {
      BrokenPattern{"a key twice", {}, {{e}, {e, ee}, {e}}},
      BrokenPattern{"a key twice", {s}, {{e, es}, {e, ee, s}}},
      BrokenPattern{"a Diffie-Hellman twice", {}, {{e}, {e, ee, ee}}},
      BrokenPattern{"a Diffie-Hellman without its keys", {}, {{e, es}, {e, ee}}},
      BrokenPattern{"a Diffie-Hellman without its keys", {}, {{e}, {e, ee, se}}},
      BrokenPattern{"a first message without e", {}, {{s}, {e, se}}},
      BrokenPattern{"a first message without e", {}, {{e}, {s, es}}},
      BrokenPattern{"a static without ee", {}, {{e}, {e, s, es}}},
      BrokenPattern{"a static without ee", {}, {{e, s}, {e, se}}},
      BrokenPattern{"ss without fresh key", {s}, {{e, s, ss}, {e, ee, se}}},
      BrokenPattern{"no Diffie-Hellman on a fresh key", {}, {{psk, e}, {e}}},
      BrokenPattern{"a pre-message other than s", {e}, {{e, ee}}},
  };
  for (const BrokenPattern& wrong : broken) {
    const std::vector<std::span<const PatternToken>> messages(wrong.messages.begin(),
                                                              wrong.messages.end());
    const Pattern pattern{"wrong", {}, wrong.responder_before, messages};
    EXPECT_EQ(RuleCheck().broken_rule(pattern), wrong.rule);
  }
}

}  // namespace
}  // namespace kith::noise
