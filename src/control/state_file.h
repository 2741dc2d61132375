// What a restarted daemon has to know that the configuration file does not say.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "control/desired.h"
#include "control/statistics.h"

namespace ballast::control {

struct SavedState {
  CommandState commands;
  std::vector<Baseline> baselines;
  friend bool operator==(const SavedState&, const SavedState&) = default;
};

/// Reads the state file; where there is none, an empty state. An Error where it is not readable or not understood: then
/// nothing may be assumed about what a running packet path serves.
Result<SavedState> load_state(const std::string& path);

/// Replaces the file as a whole (rename), mode 0600.
Result<void> save_state(const std::string& path, const SavedState& state);

}  // namespace ballast::control
