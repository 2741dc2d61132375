// What is wrong with a configuration file, and where.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ballast::config {

/// A place in a text; both count from 1. Line 0: the text as a whole; column 0: the line as a whole.
struct Position {
  int line = 0;
  int column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

struct Problem {
  std::string file;
  Position at;
  std::string message;  ///< one line: the setting, what is wrong with it, the remedy
  friend bool operator==(const Problem&, const Problem&) = default;
};

/// "FILE:LINE:COLUMN: message", with as much of the place as the problem has.
std::string to_string(const Problem& problem);

/// The first problem on one line, with "(and N more)" where there are others. `problems` is not empty.
Error to_error(const std::vector<Problem>& problems);

/// Text for use in a message: at most `longest` bytes of it, control characters as '?'.
std::string printable(std::string_view text, std::size_t longest);

/// Text from a file for use in a message: in single quotes, at most 64 bytes of it, without control characters.
std::string quoted(std::string_view text);

/// Gathers problems while a file is read.
class Problems {
 public:
  /// More than these are not kept: nobody reads them.
  static constexpr std::size_t most = 1000;

  explicit Problems(std::string file) : file_(std::move(file)) {}
  void add(Position at, std::string message);
  [[nodiscard]] bool empty() const { return messages_.empty(); }
  /// True where more would not be kept, and looking for them is in vain.
  [[nodiscard]] bool full() const { return messages_.size() >= most; }
  /// All of them in the order of the text.
  [[nodiscard]] std::vector<Problem> sorted() const;

 private:
  std::string file_;
  std::multimap<Position, std::string> messages_;
};

}  // namespace ballast::config
