// The operations of the control interface (control/api.h): a line that asks, a line that answers.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

#include "base/error.h"
#include "control/control_plane.h"

namespace ballast::control {

struct Request {
  std::string operation;
  boost::json::object arguments;  ///< the other members of the request
};

/// Reads one line. EINVAL: it is not a JSON object with a string "op".
Result<Request> parse_request(std::string_view line);

/// Does what the line asks and gives the answer, one line without its end. Refusals are answers too.
std::string answer(ControlPlane& plane, std::string_view line);

/// The answer that is an error.
std::string refusal(const Error& error);

}  // namespace ballast::control
