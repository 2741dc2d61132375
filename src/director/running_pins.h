// Finding a running packet path without its daemon.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace ballast::director {

/// The directory of the pins of `instance`, good for as long as this process lives. ENOENT: no packet path of that
/// instance runs; EPROTO: it is of another version than this program.
Result<std::string> running_pins(const std::string& instance);

/// What is wrong where a pinned map is not as this program knows it.
std::unexpected<Error> of_another_version();

/// The size of a map's values in bytes, 0 where `map` is none.
std::uint32_t value_size(int map);

}  // namespace ballast::director
