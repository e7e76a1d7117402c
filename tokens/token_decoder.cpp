#include "tokens/token_decoder.hpp"

#include <utility>

#include "core/assert.hpp"
#include "core/codec/reader.hpp"
#include "tokens/kind_rules.hpp"
#include "tokens/token_layout.hpp"

namespace kith {
namespace {

/// The rules of the kind that `bytes` claim to be, as far as their head tells.
Result<const KindRules*> read_head(codec::Reader& reader, std::optional<TokenKind> wanted,
                                   std::size_t bytes) {
  const std::size_t fields = reader.array(kTokenFields, kCountersignedFields);
  const std::uint64_t number = reader.unsigned_number();
  if (reader.failed()) return std::unexpected(reader.finish().error());
  const auto kind = token_kind(number);
  if (!kind) return std::unexpected(Errc::unknown_kind);
  if (wanted && *wanted != *kind) return std::unexpected(Errc::wrong_kind);
  const KindRules& rules = rules_of(*kind);
  const std::size_t fields_wanted = rules.countersigned ? kCountersignedFields : kTokenFields;
  if (fields != fields_wanted)
    return std::unexpected(fields > fields_wanted ? Errc::too_long : Errc::out_of_range);
  if (!wanted && !rules.held_by_all) return std::unexpected(Errc::wrong_kind);
  if (bytes > rules.bytes_max) return std::unexpected(Errc::too_long);
  return &rules;
}

WallTime read_time(codec::Reader& reader) {
  constexpr auto kMax = static_cast<std::uint64_t>(kTokenTimeMax.time_since_epoch().count());
  return WallTime(Duration(static_cast<Duration::rep>(reader.unsigned_number(kMax))));
}

/// Laws between the fields, which only a well-formed token can break.
Result<void> check_consistency(const Token& token, const KindRules& rules) {
  if (token.issued_at() > token.not_before() || token.not_before() >= token.expires_at())
    return std::unexpected(Errc::out_of_range);
  if (token.expires_at() - token.issued_at() > rules.life_max)
    return std::unexpected(Errc::life_too_long);
  if (token.subject().is_zero() == rules.about_subject) return std::unexpected(Errc::out_of_range);
  if (token.issuer() != token.fingerprint() && !rules.may_be_vouched_for)
    return std::unexpected(Errc::wrong_key);
  return {};
}

}  // namespace

Result<TokenDecoder::Decoded> TokenDecoder::decode(ByteView bytes,
                                                   std::optional<TokenKind> wanted) {
  codec::Reader reader(bytes);
  const auto rules = read_head(reader, wanted, bytes.size());
  if (!rules) return std::unexpected(rules.error());

  Token token;
  reader.binary(kUuidBytes, kUuidBytes);
  for (std::size_t at : {kRealmAt, kIssuerAt, kSubjectAt, kAudienceAt}) {
    reader.fingerprint();
    KITH_ASSERT(reader.failed() || bytes.size() - reader.rest().size() == at + Fingerprint::kBytes);
  }
  token.issued_at_ = read_time(reader);
  token.not_before_ = read_time(reader);
  token.expires_at_ = read_time(reader);
  crypto::SigningPublicKey public_key{};
  reader.binary_into(public_key);
  token.public_key_at_ =
      static_cast<std::uint16_t>(bytes.size() - reader.rest().size() - public_key.size());
  Extensions extensions = read_extensions(reader, (*rules)->kind);
  reader.binary(kSignatureBytes, kSignatureBytes);
  const std::size_t second_bytes =
      (*rules)->countersigned ? reader.binary(0, kSignatureBytes).size() : 0;
  if (second_bytes != 0 && second_bytes != kSignatureBytes) reader.fail(Errc::out_of_range);
  if (auto done = reader.finish(); !done) return std::unexpected(done.error());

  token.raw_.assign(bytes.begin(), bytes.end());
  token.fingerprint_ = signer_fingerprint(**rules, public_key);
  if (auto consistent = check_consistency(token, **rules); !consistent) {
    crypto::wipe(token.raw_);
    return std::unexpected(consistent.error());
  }
  return Decoded{std::move(token), std::move(extensions), second_bytes != 0};
}

}  // namespace kith
