#include "config/problem.h"

#include <fmt/format.h>

namespace ballast::config {

std::string to_string(const Problem& problem) {
  if (problem.at.line == 0) return fmt::format("{}: {}", problem.file, problem.message);
  if (problem.at.column == 0) return fmt::format("{}:{}: {}", problem.file, problem.at.line, problem.message);
  return fmt::format("{}:{}:{}: {}", problem.file, problem.at.line, problem.at.column, problem.message);
}

Error to_error(const std::vector<Problem>& problems) {
  std::string message = to_string(problems.front());
  if (problems.size() > 1) message += fmt::format(" (and {} more)", problems.size() - 1);
  return {.message = std::move(message), .code = EINVAL};
}

std::string printable(std::string_view text, std::size_t longest) {
  std::string out;
  for (const char c : text.substr(0, longest)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    out += control ? '?' : c;
  }
  return text.size() > longest ? out + "..." : out;
}

std::string quoted(std::string_view text) { return fmt::format("'{}'", printable(text, 64)); }

void Problems::add(Position at, std::string message) {
  if (!full()) messages_.emplace(at, std::move(message));
}

std::vector<Problem> Problems::sorted() const {
  std::vector<Problem> problems;
  for (const auto& [at, message] : messages_) problems.push_back({.file = file_, .at = at, .message = message});
  return problems;
}

}  // namespace ballast::config
