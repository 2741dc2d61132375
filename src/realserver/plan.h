// What has to be done: computed from what is wanted and what is there. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "realserver/observed.h"
#include "realserver/options.h"
#include "realserver/step.h"

namespace ballast::realserver {

struct PlannedStep {
  Step step;
  std::string reason;
};

struct Plan {
  std::vector<PlannedStep> steps;
  std::vector<std::string> notes;  ///< what an operator should know: one line each
};

/// The steps that turn the machine into a real server for `options.vips`; none where it already is one. VIPs of earlier
/// runs stay. The address goes onto lo last, when everything else is ready for it.
/// Errors: an impossible VIP, one that sits on another interface, an unknown or unusable interface, a foreign filter in
/// our place.
Result<Plan> plan_setup(const Options& options, const Observed& observed);

/// The steps that take back what earlier runs changed, newest first. What somebody else has changed since is left alone
/// and named in the notes.
Plan plan_undo(const Observed& observed);

}  // namespace ballast::realserver
