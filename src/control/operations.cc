#include "control/operations.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>

#include "base/log.h"
#include "control/arguments.h"
#include "control/difference.h"
#include "control/edits.h"
#include "control/json.h"
#include "control/json_text.h"

namespace ballast::control {
namespace {

using boost::json::object;
using boost::json::value;
using cluster::Cluster;
using cluster::VirtualService;

constexpr std::uint32_t default_page = 4096;
constexpr std::uint32_t largest_page = 16384;

/// A request from its value.
Result<Request> request_of(const value& json) {
  const object* object = json.if_object();
  if (object == nullptr) return fail("request: must be an object with a member \"op\"", EINVAL);
  const value* operation = object->if_contains("op");
  if (operation == nullptr || !operation->is_string()) {
    return fail("op: must be a string that names an operation", EINVAL);
  }
  Request request{std::string(operation->get_string()), *object};
  request.arguments.erase("op");
  return request;
}

/// Changes the desired state and logs that it did, and where the change will not last.
Result<value> change(ControlPlane& plane, const Request& request) {
  const auto edit = read_edit(request.operation, request.arguments);
  if (!edit) return std::unexpected(edit.error());
  const VirtualService* before = edit->service ? cluster::find_service(plane.current(), *edit->service) : nullptr;
  const bool of_file = before != nullptr && before->origin == cluster::Origin::file;
  if (auto changed = plane.change(edit->apply); !changed) return std::unexpected(std::move(changed.error()));
  log::info("{}{}{}", edit->service ? fmt::format("service {}: ", to_string(*edit->service)) : "", edit->what,
            of_file ? " until the next reload" : "");
  return value(nullptr);
}

/// One of several operations: what it is refused for, or null.
value change_part(Draft& draft, const value& json) {
  const auto part = request_of(json);
  const auto edit = part ? read_edit(part->operation, part->arguments) : std::unexpected(part.error());
  const auto done = edit ? edit->apply(draft) : std::unexpected(edit.error());
  return done ? value(nullptr) : to_json(done.error());
}

Result<value> transaction(ControlPlane& plane, const object& arguments) {
  const value* operations = arguments.if_contains("operations");
  if (operations == nullptr || !operations->is_array()) {
    return fail("operations: must be an array of operations", EINVAL);
  }
  const Cluster before = plane.current();
  boost::json::array refusals;
  auto changed = plane.change([&](Draft& draft) -> Result<void> {
    for (const value& operation : operations->get_array()) refusals.push_back(change_part(draft, operation));
    return {};
  });
  if (!changed) return std::unexpected(std::move(changed.error()));
  log::info("{} operations in one step, changed: {}", refusals.size(), describe_change(before, plane.current()));
  return refusals;
}

/// What the operator should know of services that the configuration file has too.
std::vector<std::string> overridden(const ControlPlane& plane, const std::vector<VirtualService>& services) {
  std::vector<std::string> notes;
  for (const auto& service : services) {
    const auto* running = cluster::find_service(plane.current(), service.key);
    if (running != nullptr && running->origin == cluster::Origin::file) {
      notes.push_back(
          fmt::format("service {} is also in the daemon's configuration, which has its way again with the next reload",
                      to_string(service.key)));
    }
  }
  return notes;
}

boost::json::array texts(const std::vector<std::string>& lines) {
  boost::json::array array;
  for (const auto& line : lines) array.emplace_back(line);
  return array;
}

Result<value> apply(ControlPlane& plane, const object& arguments) {
  const auto services = argument<std::vector<VirtualService>>(arguments, "services");
  if (!services) return std::unexpected(services.error());
  const auto timeouts = argument_or<cluster::Timeouts>(arguments, "timeouts", CommandState{}.timeouts);
  if (!timeouts) return std::unexpected(timeouts.error());
  const auto dry_run = argument_or<bool>(arguments, "dry_run", false);
  if (!dry_run) return std::unexpected(dry_run.error());
  const auto edit = [&](Draft& draft) -> Result<void> {
    if (auto replaced = replace_services(draft, *services); !replaced) return replaced;
    return set_timeouts(draft, *timeouts);
  };
  const auto wanted = plane.preview(edit);
  if (!wanted) return std::unexpected(wanted.error());
  const auto notes = overridden(plane, *services);
  const auto lines = difference(plane.current(), *wanted);
  const std::string summary = describe_change(plane.current(), *wanted);
  if (!*dry_run) {
    if (auto changed = plane.change(edit); !changed) return std::unexpected(std::move(changed.error()));
    log::notice("applied a file with {} services, changed: {}", services->size(), summary);
  }
  return object{{"changed", summary}, {"lines", texts(lines)}, {"notes", texts(notes)}};
}

Result<value> services(ControlPlane& plane, const object& arguments) {
  const auto key = optional_key(arguments);
  if (!key) return std::unexpected(key.error());
  const auto views = plane.services(*key);
  if (!views) return std::unexpected(views.error());
  return to_json(*views);
}

Result<value> timeouts(ControlPlane& plane, const object&) { return to_json(plane.current().director.timeouts); }

/// A number of a report, at most `most`; absent where it is not told.
Result<std::optional<std::uint32_t>> optional_number(const object& arguments, std::string_view name,
                                                     std::uint32_t most) {
  if (!arguments.contains(name)) return std::nullopt;
  auto number = argument<std::uint32_t>(arguments, name);
  if (!number) return std::unexpected(number.error());
  if (*number > most) return fail(fmt::format("{}: {} is more than {}", name, *number, most), EINVAL);
  return *number;
}

Result<value> report(ControlPlane& plane, const object& arguments) {
  const auto address = argument<net::Address>(arguments, "address");
  if (!address) return std::unexpected(address.error());
  const auto port = optional_number(arguments, "port", 65535);
  if (!port) return std::unexpected(port.error());
  const auto load = optional_number(arguments, "load", 100);
  if (!load) return std::unexpected(load.error());
  const auto response = optional_number(arguments, "response_microseconds", std::numeric_limits<std::int32_t>::max());
  if (!response) return std::unexpected(response.error());
  if (!*load && !*response) return fail("report: has neither load nor response_microseconds", EINVAL);
  const auto told =
      plane.report({.address = *address, .port = *port, .load = *load, .response_microseconds = *response});
  if (!told) return std::unexpected(told.error());
  return object{{"servers", *told}};
}

Result<value> connections(ControlPlane& plane, const object& arguments) {
  auto filter = argument_or<ConnectionFilter>(arguments, "filter", {});
  if (!filter) return std::unexpected(filter.error());
  auto cursor = argument_or<std::uint32_t>(arguments, "cursor", 0);
  if (!cursor) return std::unexpected(cursor.error());
  auto limit = argument_or<std::uint32_t>(arguments, "limit", default_page);
  if (!limit) return std::unexpected(limit.error());
  const auto page = plane.connections(*filter, *cursor, std::clamp<std::uint32_t>(*limit, 1, largest_page));
  return object{{"connections", to_json(page.connections)},
                {"cursor", page.cursor ? value(*page.cursor) : value(nullptr)}};
}

Result<value> totals(ControlPlane& plane, const object&) { return to_json(plane.totals()); }

Result<value> counters(ControlPlane& plane, const object&) { return to_json(plane.counters()); }

Result<value> status(ControlPlane& plane, const object&) { return to_json(plane.status()); }

Result<value> vrrp(ControlPlane& plane, const object&) { return to_json(plane.virtual_routers().status()); }

Result<value> vrrp_resign(ControlPlane& plane, const object& arguments) {
  const auto name = argument<std::string>(arguments, "name");
  if (!name) return std::unexpected(name.error());
  const auto back = argument_or<bool>(arguments, "back", false);
  if (!back) return std::unexpected(back.error());
  auto& routers = plane.virtual_routers();
  if (auto done = *back ? routers.reclaim(*name) : routers.resign(*name); !done) return std::unexpected(done.error());
  log::notice("VRRP instance {}: {} by a command", *name, *back ? "takes part again" : "handed over");
  return value(nullptr);
}

Result<value> health(ControlPlane& plane, const object&) { return to_json(plane.health()); }

Result<value> sync(ControlPlane& plane, const object&) { return to_json(plane.sync()); }

Result<value> reload(ControlPlane& plane, const object&) {
  auto changed = plane.reload();
  if (!changed) {
    log::error("reload refused, nothing changed: {}", changed.error().message);
    return std::unexpected(changed.error());
  }
  log::notice("reloaded, changed: {}", *changed);
  return object{{"changed", *changed}};
}

Result<value> stop(ControlPlane& plane, const object&) {
  if (auto stopped = plane.stop(); !stopped) return std::unexpected(std::move(stopped.error()));
  log::notice("stopped by a command: the packet path is down and its connections are forgotten");
  return value(nullptr);
}

struct Operation {
  std::string_view name;
  Result<value> (*run)(ControlPlane&, const object&);
};

constexpr std::array operations = {
    Operation{"services", services}, Operation{"transaction", transaction}, Operation{"apply", apply},
    Operation{"timeouts", timeouts}, Operation{"report", report},           Operation{"connections", connections},
    Operation{"totals", totals},     Operation{"counters", counters},       Operation{"status", status},
    Operation{"vrrp", vrrp},         Operation{"vrrp_resign", vrrp_resign}, Operation{"health", health},
    Operation{"sync", sync},         Operation{"reload", reload},           Operation{"stop", stop}};

Result<value> run(ControlPlane& plane, const Request& request) {
  if (is_edit(request.operation)) return change(plane, request);
  const auto found = std::ranges::find(operations, request.operation, &Operation::name);
  if (found == operations.end()) {
    return fail(fmt::format("op: '{}' is not an operation of this daemon (version mismatch?)", request.operation),
                EOPNOTSUPP);
  }
  return found->run(plane, request.arguments);
}

}  // namespace

Result<Request> parse_request(std::string_view line) {
  const auto json = parse_json(line);
  if (!json) return fail(fmt::format("request: {}", json.error().message), EINVAL);
  return request_of(*json);
}

std::string refusal(const Error& error) { return boost::json::serialize(object{{"error", to_json(error)}}); }

std::string answer(ControlPlane& plane, std::string_view line) {
  const auto request = parse_request(line);
  if (!request) return refusal(request.error());
  const auto result = run(plane, *request);
  if (!result) return refusal(result.error());
  return boost::json::serialize(object{{"result", *result}});
}

}  // namespace ballast::control
