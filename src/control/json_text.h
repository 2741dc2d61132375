// JSON as text. Configurations may hold bytes that are not UTF-8 (a path of a health check, a payload): between daemon
// and command they pass as they are, what is printed is sound.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

#include "base/error.h"

namespace ballast::control {

/// Reads one value; strings may have any bytes. EINVAL: it is not JSON.
Result<boost::json::value> parse_json(std::string_view text);

/// For others than this program: bytes that are not UTF-8 become U+FFFD.
std::string json_text(const boost::json::value& value);

}  // namespace ballast::control
