#include "config/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "config/edit_distance.h"

namespace ballast::config {

std::string to_string(const Place& place) {
  return place.line == 0 ? *place.file : fmt::format("{}:{}", *place.file, place.line);
}

void Report::unknown_keyword(const Place& at, std::string_view keyword, std::string_view where,
                             std::span<const std::string_view> known) {
  const std::string_view meant = nearest(keyword, known);
  error(at, fmt::format("{} is no keyword {}{}", quoted(keyword), where,
                        meant.empty() ? std::string() : fmt::format("; did you mean '{}'?", meant)));
}

std::vector<Problem> Report::sorted(std::vector<Problem> problems) {
  const auto key = [](const Problem& problem) { return std::tie(problem.file, problem.at, problem.message); };
  std::ranges::sort(problems, {}, key);
  const auto again = std::ranges::unique(problems, {}, key);
  problems.erase(again.begin(), again.end());
  return problems;
}

void Report::add(std::vector<Problem>& problems, const Place& at, std::string message) {
  if (problems.size() >= Problems::most) return;
  Problem problem{.file = *at.file, .at = {.line = at.line, .column = 0}, .message = std::move(message)};
  if (std::ranges::find(problems, problem) == problems.end()) problems.push_back(std::move(problem));
}

}  // namespace ballast::config
