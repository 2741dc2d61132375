// What was measured, as a table for people and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "measure.h"
#include "upkeep.h"

namespace ballast::bench {

struct MethodReport {
  Method method = Method::route;
  std::vector<Point> points;
  std::optional<Upkeep> upkeep;
};

/// nat, route, tunnel
std::string name_of(Method method);

/// The tables, with Katran's ratios to its reflector as they were quoted from another run.
std::string as_text(const std::vector<MethodReport>& reports);

std::string as_json(const std::vector<MethodReport>& reports);

}  // namespace ballast::bench
