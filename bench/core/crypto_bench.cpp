#include <benchmark/benchmark.h>

#include "core/crypto/sodium.hpp"

namespace kith::crypto {
namespace {

void generate_dh_key(benchmark::State& state) {
  SeededRandom random(1);
  for (auto _ : state) benchmark::DoNotOptimize(x25519().generate(random));
}
BENCHMARK(generate_dh_key);

void agree(benchmark::State& state) {
  SeededRandom random(1);
  const DhKeyPair ours = x25519().generate(random);
  const DhKeyPair theirs = x25519().generate(random);
  for (auto _ : state) benchmark::DoNotOptimize(x25519().agree(ours.secret, theirs.public_key));
}
BENCHMARK(agree);

void sign_token(benchmark::State& state) {
  SeededRandom random(1);
  const SigningKeyPair key = ed25519().generate(random);
  const Bytes token(360);
  for (auto _ : state) benchmark::DoNotOptimize(ed25519().sign(key, {token}));
}
BENCHMARK(sign_token);

void verify_token(benchmark::State& state) {
  SeededRandom random(1);
  const SigningKeyPair key = ed25519().generate(random);
  const Bytes token(360);
  const Signature signature = ed25519().sign(key, {token});
  for (auto _ : state) {
    benchmark::DoNotOptimize(ed25519().verify(key.public_key, {token}, signature));
  }
}
BENCHMARK(verify_token);

void fingerprint_of(benchmark::State& state) {
  const Bytes bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(blake2b_256({bytes}));
}
BENCHMARK(fingerprint_of)->Arg(32)->Arg(400);

/// Records of the sizes that sessions write: 256 bytes, one full TCP segment or so, the longest.
void seal_in_place(benchmark::State& state) {
  const auto plaintext_bytes = static_cast<std::size_t>(state.range(0));
  const CipherKey key;
  Bytes record(plaintext_bytes + Cipher::kTagBytes);
  std::uint64_t nonce = 0;
  for (auto _ : state) {
    chacha20_poly1305().seal(key, nonce++, {}, ByteView(record).first(plaintext_bytes), record);
    benchmark::DoNotOptimize(record.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(seal_in_place)->Arg(256)->Arg(1280)->Arg(65280);

void unpad(benchmark::State& state) {
  Bytes bytes(static_cast<std::size_t>(state.range(0)) / 2);
  pad(bytes, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(unpadded_bytes(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(unpad)->Arg(256)->Arg(65280);

}  // namespace
}  // namespace kith::crypto
