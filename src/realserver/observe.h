// Reads the state of this network namespace.
#pragma once

#include "base/error.h"
#include "realserver/observed.h"
#include "realserver/record.h"

namespace ballast::realserver {

/// Everything a plan depends on. `record` is what earlier runs left. Without CAP_SYS_ADMIN the settings of attached
/// programs stay empty.
Result<Observed> observe(const Record& record);

/// The id of an attached program of ours, an unwrapping one where there is one; 0 where none is attached.
std::uint32_t attached_program(const Observed& observed);

}  // namespace ballast::realserver
