// Walks a plan.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "realserver/observed.h"
#include "realserver/plan.h"
#include "realserver/record.h"

namespace ballast::realserver {

/// Told of every step that was done, before the next one.
using Progress = std::function<void(const PlannedStep&)>;

/// Does a set-up plan. What is going to be changed is written to `record_file` first, so that an undo knows of it even
/// if this process dies; when a step fails, those before it are taken back and the record is as it was.
Result<void> execute_setup(const Plan& plan, const Observed& observed, const Record& record,
                           const std::string& record_file, const Progress& progress);

/// Does an undo plan to its end, whatever fails on the way, and removes the record where nothing failed. The error is
/// the first failure.
Result<void> execute_undo(const Plan& plan, const std::string& record_file, const Progress& progress);

}  // namespace ballast::realserver
