// The arguments of a request.
#pragma once

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include <concepts>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "control/json.h"
#include "control/json_fields.h"

namespace ballast::control {

template <typename T>
Result<T> decode(const boost::json::value& json, std::string_view name) {
  if constexpr (std::integral<T> || std::same_as<T, net::Address> || std::same_as<T, std::string>) {
    return json::read<T>(json, std::string(name));
  } else {
    return from_json<T>(json);
  }
}

/// EINVAL: it is missing, or not of that type.
template <typename T>
Result<T> argument(const boost::json::object& arguments, std::string_view name) {
  const auto* found = arguments.if_contains(name);
  if (found == nullptr) return fail(fmt::format("{}: is missing", name), EINVAL);
  return decode<T>(*found, name);
}

/// Absent or null: `otherwise`.
template <typename T>
Result<T> argument_or(const boost::json::object& arguments, std::string_view name, T otherwise) {
  const auto* found = arguments.if_contains(name);
  if (found == nullptr || found->is_null()) return otherwise;
  return decode<T>(*found, name);
}

inline Result<std::optional<cluster::ServiceKey>> optional_key(const boost::json::object& arguments) {
  const auto* found = arguments.if_contains("key");
  if (found == nullptr || found->is_null()) return std::nullopt;
  return from_json<cluster::ServiceKey>(*found);
}

}  // namespace ballast::control
