#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith::apps {

/// Reads standard input, line by line or as a whole, until its end or until `stop` becomes
/// readable.
class LineReader {
 public:
  explicit LineReader(int stop) : stop_(stop) {}

  /// The next line without its break; valid until the next call.  Nothing at the end.  Throws
  /// `Failure`, as soon as it is clear, for a line that no message can hold.
  [[nodiscard]] std::optional<std::string_view> next();
  /// All that is left; throws as above.
  [[nodiscard]] std::string rest();

  /// What part of the input has been read, if it is a file with an end.
  [[nodiscard]] std::optional<double> fraction() const;

 private:
  std::string_view take(std::size_t end, std::size_t next);
  bool fill();

  const int stop_;
  std::string buffer_;
  std::size_t begin_ = 0;     ///< What lies before is used up.
  std::size_t searched_ = 0;  ///< Between `begin_` and here there is no line break.
  std::uint64_t lines_ = 0;
  std::uint64_t read_bytes_ = 0;
  bool has_ended_ = false;
};

}  // namespace kith::apps
