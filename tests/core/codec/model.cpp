#include "tests/core/codec/model.hpp"

#include <algorithm>
#include <array>

#include "core/codec/reader.hpp"

namespace kith::codec::test {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

void write_to(Writer& writer, const Value& value) {
  std::visit(Overloaded{
                 [&](bool truth) { writer.boolean(truth); },
                 [&](std::uint64_t number) { writer.unsigned_number(number); },
                 [&](std::int64_t number) { writer.signed_number(number); },
                 [&](const std::string& text) { writer.text(text); },
                 [&](const Bytes& bytes) { writer.binary(bytes); },
                 [&](const Array& array) {
                   writer.array(array.size());
                   for (const Value& element : array) write_to(writer, element);
                 },
                 [&](const Map& map) {
                   writer.map(map.size());
                   for (const auto& [key, element] : map) {
                     writer.unsigned_number(key);
                     write_to(writer, element);
                   }
                 },
             },
             value.is);
}

bool read_from(Reader& reader, const Value& expected) {
  return std::visit(
      Overloaded{
          [&](bool truth) { return reader.boolean() == truth; },
          [&](std::uint64_t number) { return reader.unsigned_number() == number; },
          [&](std::int64_t number) { return reader.signed_number() == number; },
          [&](const std::string& text) { return reader.text(text.size()) == text; },
          [&](const Bytes& bytes) {
            return std::ranges::equal(reader.binary(bytes.size(), bytes.size()), bytes);
          },
          [&](const Array& array) {
            if (reader.array(array.size(), array.size()) != array.size()) return false;
            return std::ranges::all_of(
                array, [&](const Value& element) { return read_from(reader, element); });
          },
          [&](const Map& map) {
            if (reader.map(map.size()) != map.size()) return false;
            std::optional<std::uint64_t> previous;
            return std::ranges::all_of(map, [&](const Entry& entry) {
              return reader.key(previous) == entry.key && read_from(reader, entry.value);
            });
          },
      },
      expected.is);
}

bool model_is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<Byte>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : 4;
    if (lead >= 0x80 && (lead < 0xc0 || lead >= 0xf8)) return false;
    if (at + size > text.size()) return false;
    std::uint32_t point = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
      const auto byte = static_cast<Byte>(text[at + i]);
      if (byte >> 6 != 2) return false;
      point = point << 6 | (byte & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      return false;
    at += size;
  }
  return true;
}

/// Every encoding of a size or number that msgpack knows, in any order.
class Forms {
 public:
  void fix(std::uint64_t value, std::uint64_t limit, Byte base) {
    if (value < limit) keep({static_cast<Byte>(base + value)});
  }
  void wide(std::uint64_t value, Byte lead, std::size_t bytes) {
    if (bytes < 8 && value >> (8 * bytes) != 0) return;
    Bytes form = {lead};
    for (std::size_t i = 0; i < bytes; ++i)
      form.push_back(static_cast<Byte>(value >> (8 * (bytes - 1 - i))));
    keep(form);
  }
  void wide_negative(std::int64_t value, Byte lead, std::size_t bytes) {
    const std::int64_t least = bytes == 8 ? INT64_MIN : -(std::int64_t{1} << (8 * bytes - 1));
    if (value < least) return;
    const auto bits = static_cast<std::uint64_t>(value);
    wide(bytes == 8 ? bits : bits & ((std::uint64_t{1} << (8 * bytes)) - 1), lead, bytes);
  }
  [[nodiscard]] Bytes shortest() const { return shortest_; }

 private:
  void keep(const Bytes& form) {
    if (shortest_.empty() || form.size() < shortest_.size()) shortest_ = form;
  }
  Bytes shortest_;
};

Bytes size_head(std::size_t size, std::uint64_t fix_limit, Byte fix, Byte lead8, Byte lead16) {
  Forms forms;
  forms.fix(size, fix_limit, fix);
  if (lead8 != 0) forms.wide(size, lead8, 1);
  forms.wide(size, lead16, 2);
  forms.wide(size, static_cast<Byte>(lead16 + 1), 4);
  return forms.shortest();
}

Bytes shortest(const Value& value);

struct ShortestEncoding {
  Bytes operator()(bool truth) const { return {static_cast<Byte>(truth ? 0xc3 : 0xc2)}; }
  Bytes operator()(std::uint64_t number) const {
    Forms forms;
    forms.fix(number, 128, 0);
    for (std::size_t i = 0; i < 4; ++i)
      forms.wide(number, static_cast<Byte>(0xcc + i), std::size_t{1} << i);
    return forms.shortest();
  }
  Bytes operator()(std::int64_t number) const {
    if (number >= 0) return (*this)(static_cast<std::uint64_t>(number));
    Forms forms;
    if (number >= -32) return {static_cast<Byte>(number)};
    for (std::size_t i = 0; i < 4; ++i)
      forms.wide_negative(number, static_cast<Byte>(0xd0 + i), std::size_t{1} << i);
    return forms.shortest();
  }
  Bytes operator()(const std::string& text) const {
    Bytes out = size_head(text.size(), 32, 0xa0, 0xd9, 0xda);
    append(out, as_bytes(text));
    return out;
  }
  Bytes operator()(const Bytes& bytes) const {
    Bytes out = size_head(bytes.size(), 0, 0, 0xc4, 0xc5);
    append(out, bytes);
    return out;
  }
  Bytes operator()(const Array& array) const {
    Bytes out = size_head(array.size(), 16, 0x90, 0, 0xdc);
    for (const Value& element : array) append(out, shortest(element));
    return out;
  }
  Bytes operator()(const Map& map) const {
    Bytes out = size_head(map.size(), 16, 0x80, 0, 0xde);
    for (const auto& [key, element] : map) {
      append(out, (*this)(key));
      append(out, shortest(element));
    }
    return out;
  }
};

Bytes shortest(const Value& value) { return std::visit(ShortestEncoding{}, value.is); }

/// Parses any form; nothing when the input ends, or holds what kith never writes.
class ModelParser {
 public:
  explicit ModelParser(ByteView input) : input_(input) {}

  std::optional<Value> value(int containers) {
    const auto lead = number(1);
    if (!lead) return std::nullopt;
    if (*lead < 0x80) return Value{*lead};
    if (*lead >= 0xe0) return Value{static_cast<std::int64_t>(*lead) - 256};
    if (*lead < 0x90) return map(*lead - 0x80, containers);
    if (*lead < 0xa0) return array(*lead - 0x90, containers);
    if (*lead < 0xc0) return text(*lead - 0xa0);
    switch (*lead) {
      case 0xc2:
        return Value{false};
      case 0xc3:
        return Value{true};
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return binary(number(std::size_t{1} << (*lead - 0xc4)));
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return unsigned_number(std::size_t{1} << (*lead - 0xcc));
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return signed_number(std::size_t{1} << (*lead - 0xd0));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return text(number(std::size_t{1} << (*lead - 0xd9)));
      case 0xdc:
      case 0xdd:
        return array(number(std::size_t{2} << (*lead - 0xdc)), containers);
      case 0xde:
      case 0xdf:
        return map(number(std::size_t{2} << (*lead - 0xde)), containers);
      default:
        return std::nullopt;
    }
  }
  [[nodiscard]] bool at_end() const { return at_ == input_.size(); }

 private:
  std::optional<std::uint64_t> number(std::size_t bytes) {
    if (at_ + bytes > input_.size()) return std::nullopt;
    std::uint64_t value = 0;
    while (bytes-- > 0) value = value * 256 + input_[at_++];
    return value;
  }
  std::optional<Value> unsigned_number(std::size_t bytes) {
    if (const auto bits = number(bytes)) return Value{*bits};
    return std::nullopt;
  }
  std::optional<Value> signed_number(std::size_t bytes) {
    const auto bits = number(bytes);
    if (!bits) return std::nullopt;
    switch (bytes) {
      case 1:
        return Value{std::int64_t{static_cast<std::int8_t>(*bits)}};
      case 2:
        return Value{std::int64_t{static_cast<std::int16_t>(*bits)}};
      case 4:
        return Value{std::int64_t{static_cast<std::int32_t>(*bits)}};
      default:
        return Value{static_cast<std::int64_t>(*bits)};
    }
  }
  std::optional<Bytes> content(std::optional<std::uint64_t> size) {
    if (!size || *size > input_.size() - at_) return std::nullopt;
    Bytes bytes;
    for (std::uint64_t i = 0; i < *size; ++i) bytes.push_back(input_[at_++]);
    return bytes;
  }
  std::optional<Value> binary(std::optional<std::uint64_t> size) {
    if (auto bytes = content(size)) return Value{*std::move(bytes)};
    return std::nullopt;
  }
  std::optional<Value> text(std::optional<std::uint64_t> size) {
    const auto bytes = content(size);
    if (!bytes) return std::nullopt;
    std::string text(bytes->begin(), bytes->end());
    if (!model_is_utf8(text)) return std::nullopt;
    return Value{std::move(text)};
  }
  std::optional<Value> array(std::optional<std::uint64_t> count, int containers) {
    if (!count || containers == Reader::kMaxDepth) return std::nullopt;
    Array array;
    for (std::uint64_t i = 0; i < *count; ++i) {
      auto element = value(containers + 1);
      if (!element) return std::nullopt;
      array.push_back(*std::move(element));
    }
    return Value{std::move(array)};
  }
  std::optional<Value> map(std::optional<std::uint64_t> count, int containers) {
    if (!count || containers == Reader::kMaxDepth) return std::nullopt;
    Map map;
    for (std::uint64_t i = 0; i < *count; ++i) {
      const auto key = value(Reader::kMaxDepth);
      if (!key || !std::holds_alternative<std::uint64_t>(key->is)) return std::nullopt;
      const auto number = std::get<std::uint64_t>(key->is);
      if (!map.empty() && number <= map.back().key) return std::nullopt;
      auto element = value(containers + 1);
      if (!element) return std::nullopt;
      map.push_back({number, *std::move(element)});
    }
    return Value{std::move(map)};
  }

  ByteView input_;
  std::size_t at_ = 0;
};

std::size_t random_size(Random& random) {
  constexpr std::array<std::size_t, 8> kBorders = {0, 1, 15, 16, 31, 32, 255, 256};
  return random.below(4) == 0 ? kBorders[random.below(kBorders.size())] : random.below(20);
}

std::uint64_t random_number(Random& random) {
  const std::uint64_t power = std::uint64_t{1} << random.below(64);
  switch (random.below(3)) {
    case 0:
      return power - 1;
    case 1:
      return power;
    default:
      return random.next_u64() >> random.below(64);
  }
}

std::string random_text(Random& random) {
  constexpr std::array<std::string_view, 8> kPieces = {"a",
                                                       "\x7f",
                                                       "\xc2\x80",
                                                       "\xdf\xbf",
                                                       "\xe0\xa0\x80",
                                                       "\xed\x9f\xbf",
                                                       "\xf0\x90\x80\x80",
                                                       "\xf4\x8f\xbf\xbf"};
  std::string text;
  for (std::size_t left = random_size(random); left > 0; --left)
    text += kPieces[random.below(kPieces.size())];
  return text;
}

}  // namespace

bool operator==(const Value& a, const Value& b) { return a.is == b.is; }

bool operator==(const Entry& a, const Entry& b) { return a.key == b.key && a.value == b.value; }

Bytes write(const Value& value) {
  Bytes out;
  Writer writer(out);
  write_to(writer, value);
  return out;
}

bool reads_as(ByteView bytes, const Value& expected) {
  Reader reader(bytes);
  return read_from(reader, expected) && reader.finish().has_value();
}

std::optional<Value> model_decode(ByteView bytes) {
  ModelParser parser(bytes);
  auto value = parser.value(0);
  if (!value || !parser.at_end()) return std::nullopt;
  // A negative form that holds a positive number is told apart by its encoding too.
  if (!std::ranges::equal(shortest(*value), bytes)) return std::nullopt;
  return value;
}

Value random_value(Random& random, int depth) {
  switch (random.below(depth > 0 ? 7 : 5)) {
    case 0:
      return {random.below(2) == 1};
    case 1:
      return {random_number(random)};
    case 2:
      return {-1 - static_cast<std::int64_t>(random_number(random) >> 1)};
    case 3:
      return {random_text(random)};
    case 4: {
      Bytes bytes(random_size(random));
      random.fill(bytes);
      return {std::move(bytes)};
    }
    case 5: {
      Array array;
      for (std::size_t left = random.below(18); left > 0; --left)
        array.push_back(random_value(random, depth - 1));
      return {std::move(array)};
    }
    default: {
      Map map;
      std::uint64_t key = random.below(2);
      for (std::size_t left = random.below(18); left > 0; --left) {
        map.push_back({key, random_value(random, depth - 1)});
        key += 1 + (random.below(4) == 0 ? random_number(random) >> 5 : 0);
      }
      return {std::move(map)};
    }
  }
}

}  // namespace kith::codec::test
