#include "tokens/kind_rules.hpp"

#include <algorithm>
#include <array>

#include "core/assert.hpp"
#include "tokens/verify.hpp"

namespace kith {
namespace {

using namespace std::string_view_literals;

// A further kind is a further row.
constexpr std::array kRules = {
    KindRules{
        .kind = TokenKind::node,
        .bytes_max = kTokenBytesMax,
        .life_max = kNodeTokenLifeMax,
        .signature_domain = "kith/1 node token\0"sv,
        .signed_by_node = true,
        .held_by_all = true,
        .countersigned = false,
        .about_subject = false,
        .may_be_vouched_for = false,
        .required = {Extension::endpoints, Extension::static_key, Extension::reachability},
        .optional = {},
    },
    KindRules{
        .kind = TokenKind::identity,
        .bytes_max = kTokenBytesMax,
        .life_max = kIdentityTokenLifeMax,
        .signature_domain = "kith/1 identity token\0"sv,
        .signed_by_node = false,
        .held_by_all = true,
        .countersigned = false,
        .about_subject = false,
        .may_be_vouched_for = true,
        .required = {},
        .optional = {Extension::node},
    },
    KindRules{
        .kind = TokenKind::intent,
        .bytes_max = kIntentTokenBytesMax,
        .life_max = kIntentTokenLifeMax,
        .signature_domain = "kith/1 intent token\0"sv,
        .signed_by_node = false,
        .held_by_all = true,
        .countersigned = false,
        .about_subject = true,
        .may_be_vouched_for = false,
        .required = {Extension::node, Extension::role, Extension::threshold},
        .optional = {},
    },
    KindRules{
        .kind = TokenKind::ticket,
        .bytes_max = kTokenBytesMax,
        .life_max = kTicketTokenLifeMax,
        .signature_domain = "kith/1 ticket token\0"sv,
        .signed_by_node = true,
        .held_by_all = false,
        .countersigned = false,
        .about_subject = false,
        .may_be_vouched_for = false,
        .required = {Extension::static_key, Extension::dialed, Extension::secret,
                     Extension::purpose},
        .optional = {},
    },
    KindRules{
        .kind = TokenKind::relationship,
        .bytes_max = kRelationshipTokenBytesMax,
        .life_max = kRelationshipTokenLifeMax,
        .signature_domain = "kith/1 relationship proposal\0"sv,
        .signed_by_node = false,
        .held_by_all = false,
        .countersigned = true,
        .about_subject = false,
        .may_be_vouched_for = false,
        .required = {Extension::static_key, Extension::node, Extension::partner_key,
                     Extension::partner_node, Extension::partner_static_key},
        .optional = {},
    },
};

}  // namespace

Fingerprint signer_fingerprint(const KindRules& rules, const crypto::SigningPublicKey& key) {
  return rules.signed_by_node ? node_fingerprint(key) : identity_fingerprint(key);
}

const KindRules& rules_of(TokenKind kind) {
  const auto rules = std::ranges::find(kRules, kind, &KindRules::kind);
  KITH_ASSERT(rules != kRules.end());
  return *rules;
}

std::optional<TokenKind> token_kind(std::uint64_t number) {
  const auto rules = std::ranges::find_if(kRules, [number](const KindRules& candidate) {
    return static_cast<std::uint64_t>(candidate.kind) == number;
  });
  if (rules == kRules.end()) return std::nullopt;
  return rules->kind;
}

}  // namespace kith
