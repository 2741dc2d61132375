// What database servers must be: the rules of DatabaseRole, the same for each of them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/health_check.h"
#include "health/checks/conversation.h"

namespace ballast::health {

/// nullopt: as wanted.
std::optional<Verdict> judge_writable(cluster::DatabaseRole::Required wanted, bool is_writable);

/// `behind` in seconds, as the server writes it.
std::optional<Verdict> judge_lag(std::chrono::seconds allowed, const std::string& behind);

/// Rows of a query: there must be one, and one must match `expect`, its values joined by blanks.
using Row = std::vector<std::optional<std::string>>;
Verdict judge_rows(const std::string& expect, const std::vector<Row>& rows);

}  // namespace ballast::health
