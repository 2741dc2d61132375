#include "health/checks/database.h"

#include <cmath>
#include <cstdlib>

#include "health/checks/lines.h"
#include "health/checks/pattern.h"

namespace ballast::health {
namespace {

std::string text_of(const Row& row) {
  std::string text;
  for (const auto& value : row) text += (text.empty() ? "" : " ") + value.value_or("NULL");
  return text;
}

}  // namespace

std::optional<Verdict> judge_writable(cluster::DatabaseRole::Required wanted, bool is_writable) {
  using Required = cluster::DatabaseRole::Required;
  if (wanted == Required::writable && !is_writable) return down("is read-only, wanted a writable server");
  if (wanted == Required::read_only && is_writable) return down("is writable, wanted a read-only server");
  return std::nullopt;
}

std::optional<Verdict> judge_lag(std::chrono::seconds allowed, const std::string& behind) {
  char* end = nullptr;
  const double seconds = std::strtod(behind.c_str(), &end);
  if (end == behind.c_str() || !std::isfinite(seconds)) {
    return down(fmt::format("'{}' is no lag of a replica", quotable(behind)));
  }
  if (seconds <= static_cast<double>(allowed.count())) return std::nullopt;
  return down(fmt::format("replica is {:.0f} s behind, at most {} s allowed", seconds, allowed.count()));
}

Verdict judge_rows(const std::string& expect, const std::vector<Row>& rows) {
  const auto pattern = Pattern::compile(expect);
  if (!pattern) return down(pattern.error().message);
  if (rows.empty()) return down("query gives no row");
  for (const auto& row : rows) {
    const auto matches = pattern->matches(text_of(row));
    if (!matches) return down(matches.error().message);
    if (*matches) return up(fmt::format("query gives '{}'", quotable(text_of(row))));
  }
  return down(fmt::format("no row matches {}; the first is '{}'", pattern->to_string(), quotable(text_of(rows[0]))));
}

}  // namespace ballast::health
