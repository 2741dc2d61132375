// What a reader of foreign configuration found besides the Cluster: errors, which make the file unusable, and warnings,
// which name what is read and not acted on. The places may be in several files.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"

namespace ballast::config {

/// A line of one of several files. Line 0: the file as a whole.
struct Place {
  std::shared_ptr<const std::string> file;
  int line = 0;
};

/// "FILE:LINE", or "FILE" where the place has no line.
std::string to_string(const Place& place);

/// A message that comes again at its place is kept once: what is said of each server of a range, say.
class Report {
 public:
  void error(const Place& at, std::string message) { add(errors_, at, std::move(message)); }
  void warning(const Place& at, std::string message) { add(warnings_, at, std::move(message)); }
  /// The error of a keyword that is none of `known`: names the nearest of them.
  void unknown_keyword(const Place& at, std::string_view keyword, std::string_view where,
                       std::span<const std::string_view> known);

  /// True where more would not be kept, and looking for them is in vain.
  [[nodiscard]] bool full() const { return errors_.size() >= Problems::most; }
  [[nodiscard]] bool has_errors() const { return !errors_.empty(); }
  /// By file and line, each once.
  [[nodiscard]] std::vector<Problem> errors() const { return sorted(errors_); }
  [[nodiscard]] std::vector<Problem> warnings() const { return sorted(warnings_); }

 private:
  static std::vector<Problem> sorted(std::vector<Problem> problems);
  static void add(std::vector<Problem>& problems, const Place& at, std::string message);

  std::vector<Problem> errors_;
  std::vector<Problem> warnings_;
};

}  // namespace ballast::config
