#include "core/noise/pattern.hpp"

#include <algorithm>
#include <array>

namespace kith::noise {
namespace {

using enum PatternToken;

using Tokens = std::span<const PatternToken>;

template <PatternToken... tokens>
constexpr std::array kTokens = {tokens...};

template <PatternToken... tokens>
constexpr Tokens kMessage{kTokens<tokens...>};

constexpr Tokens kNothing;
constexpr Tokens kStatic = kMessage<s>;

// One-way and interactive patterns of Noise §7.4 and §7.5, the deferred ones of §18.1, and psk
// variants of §9.4.
constexpr std::array kN = {kMessage<e, es>};
constexpr std::array kNN = {kMessage<e>, kMessage<e, ee>};
constexpr std::array kNK = {kMessage<e, es>, kMessage<e, ee>};
constexpr std::array kXN = {kMessage<e>, kMessage<e, ee>, kMessage<s, se>};
constexpr std::array kXX = {kMessage<e>, kMessage<e, ee, s, es>, kMessage<s, se>};
constexpr std::array kXK = {kMessage<e, es>, kMessage<e, ee>, kMessage<s, se>};
constexpr std::array kIX = {kMessage<e, s>, kMessage<e, ee, se, s, es>};
constexpr std::array kIK = {kMessage<e, es, s, ss>, kMessage<e, ee, se>};
constexpr std::array kKK = {kMessage<e, es, ss>, kMessage<e, ee, se>};
constexpr std::array kX1X = {kMessage<e>, kMessage<e, ee, s, es>, kMessage<s>, kMessage<se>};
constexpr std::array kXX1 = {kMessage<e>, kMessage<e, ee, s>, kMessage<es, s, se>};
constexpr std::array kX1X1 = {kMessage<e>, kMessage<e, ee, s>, kMessage<es, s>, kMessage<se>};
constexpr std::array kXK1 = {kMessage<e>, kMessage<e, ee, es>, kMessage<s, se>};
constexpr std::array kIK1 = {kMessage<e, s>, kMessage<e, ee, se, es>};
constexpr std::array kNNpsk0 = {kMessage<psk, e>, kMessage<e, ee>};
constexpr std::array kXXpsk3 = {kMessage<e>, kMessage<e, ee, s, es>, kMessage<s, se, psk>};
constexpr std::array kIKpsk2 = {kMessage<e, es, s, ss>, kMessage<e, ee, se, psk>};
constexpr std::array kKKpsk2 = {kMessage<e, es, ss>, kMessage<e, ee, se, psk>};

constexpr std::array kPatterns = {
    Pattern{"N", kNothing, kStatic, kN},
    Pattern{"NN", kNothing, kNothing, kNN},
    Pattern{"NK", kNothing, kStatic, kNK},
    Pattern{"XN", kNothing, kNothing, kXN},
    Pattern{"XX", kNothing, kNothing, kXX},
    Pattern{"XK", kNothing, kStatic, kXK},
    Pattern{"IX", kNothing, kNothing, kIX},
    Pattern{"IK", kNothing, kStatic, kIK},
    Pattern{"KK", kStatic, kStatic, kKK},
    Pattern{"X1X", kNothing, kNothing, kX1X},
    Pattern{"XX1", kNothing, kNothing, kXX1},
    Pattern{"X1X1", kNothing, kNothing, kX1X1},
    Pattern{"XK1", kNothing, kStatic, kXK1},
    Pattern{"IK1", kNothing, kStatic, kIK1},
    Pattern{"NNpsk0", kNothing, kNothing, kNNpsk0},
    Pattern{"XXpsk3", kNothing, kNothing, kXXpsk3},
    Pattern{"IKpsk2", kNothing, kStatic, kIKpsk2},
    Pattern{"KKpsk2", kStatic, kStatic, kKKpsk2},
};

}  // namespace

std::span<const Pattern> patterns() { return kPatterns; }

const Pattern* find_pattern(std::string_view name) {
  const auto found = std::ranges::find(kPatterns, name, &Pattern::name);
  return found == kPatterns.end() ? nullptr : &*found;
}

}  // namespace kith::noise
