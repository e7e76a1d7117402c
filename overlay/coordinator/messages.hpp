#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "overlay/coordinator/peer_intent.hpp"

/// What coordinators and declaring nodes say to each other: canonical msgpack arrays that begin
/// with their `MessageKind`, at most `kCoordinatorMessageBytesMax` long.
///
///     intent      = [intent token, node token, attachment]
///     attachment  = [] | [at, [relay…], signature]
///     withdrawal  = [subject, public key, node, role, audience, issued at, until, signature]
///     declare     = [32, intent, known]
///     declared    = [33, verdict, until, [holder…], [intent…]]
///     withdraw    = [34, withdrawal]
///     matches     = [35, [intent…]]
///     unmatched   = [36, [withdrawal | [subject, identity, node, role, issued at] …]]
///     replicate   = [37, number, [[age, intent | withdrawal] …], [[subject, digest] …]]
///     replicated  = [38, number, [subject…]]
///
/// Times are microseconds, since 1970 or as a span; fingerprints, keys and tokens are binaries.
/// Digests and subjects that are wanted stand in the order of their subjects, each of them once:
/// whoever could name one many times could have its work done many times.
namespace kith::overlay {

inline constexpr std::size_t kCoordinatorMessageBytesMax = 60U << 10;
inline constexpr std::size_t kHoldersMax = 8;
inline constexpr std::size_t kIntentsPerMessageMax = 16;
inline constexpr std::size_t kUnmatchedPerMessageMax = 64;
inline constexpr std::size_t kRecordsPerMessageMax = 128;
inline constexpr std::size_t kSummariesPerMessageMax = 512;
/// Whatever is older is said, and taken, to be so old: no age that one holder makes up is beyond
/// what the next one can read.
inline constexpr Duration kRecordAgeMax = kIntentTokenLifeMax;

enum class DeclareVerdict : std::uint8_t {
  held = 0,            ///< It is stored.
  withdrawn = 1,       ///< The answer to a withdrawal: it is over.
  invalid = 2,         ///< A token or signature is not acceptable here.
  full = 3,            ///< A limit stands in the way.
  elsewhere = 4,       ///< Others are closer to the subject.
  superseded = 5,      ///< Something newer, issued at `until`, is held under this key.
  not_authorized = 6,  ///< The coordinator's policy does not allow it.
};

/// Hold this intent.
struct DeclareMessage {
  PeerIntent peer;
  /// The sum of `digest_of` over the matches that the declaring node knows already: if the
  /// coordinator knows the same, none are sent.
  std::uint64_t known = 0;
};

/// The answer to a declare or withdraw.
struct DeclaredMessage {
  DeclareVerdict verdict = DeclareVerdict::held;
  WallTime until;
  std::vector<Fingerprint> holders;  ///< Closest to the subject first.
  std::vector<PeerIntent> matches;
};

/// The end of an intent that ran out; believed only as far as the reader's own clock agrees.
struct ExpiredIntent {
  IntentKey key;
  WallTime issued_at;
};
using IntentEnd = std::variant<Withdrawal, ExpiredIntent>;

/// What one holder tells another of a key.
struct ReplicatedRecord {
  Duration age{};  ///< Since a coordinator first stored it.
  std::variant<PeerIntent, Withdrawal> what;
};

/// Tells apart what two holders have of a subject.
struct SubjectSummary {
  Fingerprint subject;
  std::uint64_t digest = 0;
};

struct ReplicateMessage {
  std::uint64_t number = 0;
  std::vector<ReplicatedRecord> records;
  std::vector<SubjectSummary> summaries;  ///< Their subjects ascend strictly.
};

/// The message `number` is dealt with; of `wanted` the sender may say all it has.
struct ReplicatedMessage {
  std::uint64_t number = 0;
  std::vector<Fingerprint> wanted;  ///< Ascends strictly.
};

/// An intent to encode, wherever its parts are kept.
struct IntentView {
  ByteView intent;
  ByteView node;
  const Attachment* attachment = nullptr;

  /// No encoding of it is longer.
  [[nodiscard]] std::size_t bytes_max() const;
};
[[nodiscard]] IntentView view_of(const PeerIntent& peer);

struct RecordView {
  Duration age{};
  std::variant<IntentView, const Withdrawal*> what;

  [[nodiscard]] std::size_t bytes_max() const;
};

/// What a summary takes at most.
inline constexpr std::size_t kSummaryBytesMax = 48;

struct DeclaredView {
  DeclareVerdict verdict = DeclareVerdict::held;
  WallTime until;
  std::span<const Fingerprint> holders;
  std::span<const IntentView> matches;
};

[[nodiscard]] Bytes encode_declare(const IntentView& intent, std::uint64_t known);
[[nodiscard]] Bytes encode_declared(const DeclaredView& declared);
[[nodiscard]] Bytes encode_withdraw(const Withdrawal& withdrawal);
[[nodiscard]] Bytes encode_matches(std::span<const IntentView> intents);
[[nodiscard]] Bytes encode_unmatched(std::span<const IntentEnd> ends);
/// @pre What is to ascend does.
[[nodiscard]] Bytes encode_replicate(std::uint64_t number, std::span<const RecordView> records,
                                     std::span<const SubjectSummary> summaries);
[[nodiscard]] Bytes encode_replicated(std::uint64_t number, std::span<const Fingerprint> wanted);

/// These check form and limits, and decode the tokens; no signature and no date.
[[nodiscard]] Result<DeclareMessage> decode_declare(ByteView bytes);
[[nodiscard]] Result<DeclaredMessage> decode_declared(ByteView bytes);
[[nodiscard]] Result<Withdrawal> decode_withdraw(ByteView bytes);
[[nodiscard]] Result<std::vector<PeerIntent>> decode_matches(ByteView bytes);
[[nodiscard]] Result<std::vector<IntentEnd>> decode_unmatched(ByteView bytes);
[[nodiscard]] Result<ReplicateMessage> decode_replicate(ByteView bytes);
[[nodiscard]] Result<ReplicatedMessage> decode_replicated(ByteView bytes);

}  // namespace kith::overlay
