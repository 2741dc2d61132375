// The requests that change the desired state, as values: one is carried out by itself, or with others in one step.
#pragma once

#include <boost/json/object.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "control/draft.h"

namespace ballast::control {

struct Edit {
  std::function<Result<void>(Draft&)> apply;   ///< changes the draft, or leaves it as it was
  std::optional<cluster::ServiceKey> service;  ///< the one that it is about
  std::string what;                            ///< for the log: "added, scheduler wlc"
};

/// True for the operations that read_edit() knows.
bool is_edit(std::string_view operation);

/// EINVAL: an argument is wrong; EOPNOTSUPP: not such an operation.
Result<Edit> read_edit(std::string_view operation, const boost::json::object& arguments);

}  // namespace ballast::control
