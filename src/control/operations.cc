#include "control/operations.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>

#include "base/log.h"
#include "cluster/edit.h"
#include "control/json.h"
#include "control/json_fields.h"

namespace ballast::control {
namespace {

using boost::json::object;
using boost::json::value;
using cluster::Cluster;
using cluster::RealServer;
using cluster::ServiceKey;
using cluster::VirtualService;

constexpr std::uint32_t default_page = 4096;
constexpr std::uint32_t largest_page = 16384;

template <typename T>
Result<T> decode(const value& json, std::string_view name) {
  if constexpr (std::integral<T> || std::same_as<T, net::Address>) {
    return json::read<T>(json, std::string(name));
  } else {
    return from_json<T>(json);
  }
}

template <typename T>
Result<T> argument(const object& arguments, std::string_view name) {
  const value* found = arguments.if_contains(name);
  if (found == nullptr) return fail(fmt::format("{}: is missing", name), EINVAL);
  return decode<T>(*found, name);
}

/// Absent or null: `otherwise`.
template <typename T>
Result<T> argument_or(const object& arguments, std::string_view name, T otherwise) {
  const value* found = arguments.if_contains(name);
  if (found == nullptr || found->is_null()) return otherwise;
  return decode<T>(*found, name);
}

Result<std::optional<ServiceKey>> optional_key(const object& arguments) {
  const value* found = arguments.if_contains("key");
  if (found == nullptr || found->is_null()) return std::nullopt;
  return from_json<ServiceKey>(*found);
}

Result<value> answer_of(Result<void> done) {
  if (!done) return std::unexpected(std::move(done.error()));
  return value(nullptr);
}

/// Changes the desired state and logs that it did, and where the change will not last.
Result<value> change(ControlPlane& plane, const ServiceKey& key, std::string_view what,
                     const std::function<Result<void>(Cluster&)>& edit) {
  const VirtualService* before = cluster::find_service(plane.current(), key);
  const bool of_file = before != nullptr && before->origin == cluster::Origin::file;
  auto changed = plane.change(edit);
  if (changed) log::info("service {}: {}{}", to_string(key), what, of_file ? " until the next reload" : "");
  return answer_of(std::move(changed));
}

Result<value> services(ControlPlane& plane, const object& arguments) {
  const auto key = optional_key(arguments);
  if (!key) return std::unexpected(key.error());
  const auto views = plane.services(*key);
  if (!views) return std::unexpected(views.error());
  return to_json(*views);
}

Result<value> add_service(ControlPlane& plane, const object& arguments) {
  auto service = argument<VirtualService>(arguments, "service");
  if (!service) return std::unexpected(service.error());
  service->origin = cluster::Origin::command;
  service->servers.clear();
  return change(plane, service->key, fmt::format("added, scheduler {}", service->scheduler),
                [&](Cluster& cluster) { return cluster::add_service(cluster, *service); });
}

Result<value> edit_service(ControlPlane& plane, const object& arguments) {
  auto service = argument<VirtualService>(arguments, "service");
  if (!service) return std::unexpected(service.error());
  return change(plane, service->key, fmt::format("changed, scheduler {}", service->scheduler),
                [&](Cluster& cluster) { return cluster::edit_service(cluster, *service); });
}

Result<value> delete_service(ControlPlane& plane, const object& arguments) {
  auto key = argument<ServiceKey>(arguments, "key");
  if (!key) return std::unexpected(key.error());
  return change(plane, *key, "deleted", [&](Cluster& cluster) { return cluster::delete_service(cluster, *key); });
}

using ServerEdit = Result<void> (*)(Cluster&, const ServiceKey&, const RealServer&);

Result<value> change_server(ControlPlane& plane, const object& arguments, std::string_view what, ServerEdit edit) {
  auto key = argument<ServiceKey>(arguments, "key");
  if (!key) return std::unexpected(key.error());
  auto server = argument<RealServer>(arguments, "server");
  if (!server) return std::unexpected(server.error());
  return change(plane, *key,
                fmt::format("real server {} {}, weight {}", server->endpoint.to_string(), what, server->weight),
                [&](Cluster& cluster) { return edit(cluster, *key, *server); });
}

Result<value> add_server(ControlPlane& plane, const object& arguments) {
  return change_server(plane, arguments, "added", cluster::add_server);
}

Result<value> edit_server(ControlPlane& plane, const object& arguments) {
  return change_server(plane, arguments, "changed", cluster::edit_server);
}

Result<value> delete_server(ControlPlane& plane, const object& arguments) {
  auto key = argument<ServiceKey>(arguments, "key");
  if (!key) return std::unexpected(key.error());
  auto endpoint = argument<net::Endpoint>(arguments, "endpoint");
  if (!endpoint) return std::unexpected(endpoint.error());
  return change(plane, *key, fmt::format("real server {} deleted", endpoint->to_string()),
                [&](Cluster& cluster) { return cluster::delete_server(cluster, *key, *endpoint); });
}

Result<value> clear(ControlPlane& plane, const object&) {
  const std::size_t before = plane.current().services.size();
  auto changed = plane.change([](Cluster& cluster) -> Result<void> {
    cluster::clear(cluster);
    return {};
  });
  if (changed) log::info("all {} services deleted", before);
  return answer_of(std::move(changed));
}

Result<value> zero(ControlPlane& plane, const object& arguments) {
  const auto key = optional_key(arguments);
  if (!key) return std::unexpected(key.error());
  return answer_of(plane.zero(*key));
}

Result<value> timeouts(ControlPlane& plane, const object&) { return to_json(plane.current().director.timeouts); }

Result<value> set_timeouts(ControlPlane& plane, const object& arguments) {
  auto wanted = argument<cluster::Timeouts>(arguments, "timeouts");
  if (!wanted) return std::unexpected(wanted.error());
  auto changed = plane.set_timeouts(*wanted);
  if (changed) {
    const auto& now = plane.current().director.timeouts;
    log::info("timeouts set: tcp {} s, tcp_fin {} s, udp {} s", now.tcp.count(), now.tcp_fin.count(), now.udp.count());
  }
  return answer_of(std::move(changed));
}

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

Result<value> counters(ControlPlane& plane, const object&) { return to_json(plane.counters()); }

Result<value> status(ControlPlane& plane, const object&) { return to_json(plane.status()); }

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
  auto stopped = plane.stop();
  if (stopped) log::notice("stopped by a command: the packet path is down and its connections are forgotten");
  return answer_of(std::move(stopped));
}

struct Operation {
  std::string_view name;
  Result<value> (*run)(ControlPlane&, const object&);
};

constexpr std::array operations = {Operation{"services", services},
                                   Operation{"add_service", add_service},
                                   Operation{"edit_service", edit_service},
                                   Operation{"delete_service", delete_service},
                                   Operation{"add_server", add_server},
                                   Operation{"edit_server", edit_server},
                                   Operation{"delete_server", delete_server},
                                   Operation{"clear", clear},
                                   Operation{"zero", zero},
                                   Operation{"timeouts", timeouts},
                                   Operation{"set_timeouts", set_timeouts},
                                   Operation{"report", report},
                                   Operation{"connections", connections},
                                   Operation{"counters", counters},
                                   Operation{"status", status},
                                   Operation{"reload", reload},
                                   Operation{"stop", stop}};

Result<value> run(ControlPlane& plane, const Request& request) {
  const auto found = std::ranges::find(operations, request.operation, &Operation::name);
  if (found == operations.end()) {
    return fail(fmt::format("op: '{}' is not an operation of this daemon (version mismatch?)", request.operation),
                EOPNOTSUPP);
  }
  return found->run(plane, request.arguments);
}

}  // namespace

Result<Request> parse_request(std::string_view line) {
  boost::system::error_code wrong;
  value json = boost::json::parse(line, wrong);
  if (wrong) return fail(fmt::format("request: not JSON: {}", wrong.message()), EINVAL);
  object* arguments = json.if_object();
  if (arguments == nullptr) return fail("request: must be an object with a member \"op\"", EINVAL);
  const value* operation = arguments->if_contains("op");
  if (operation == nullptr || !operation->is_string()) {
    return fail("op: must be a string that names an operation", EINVAL);
  }
  Request request{std::string(operation->get_string()), std::move(*arguments)};
  request.arguments.erase("op");
  return request;
}

std::string refusal(const Error& error) {
  return boost::json::serialize(object{{"error", {{"code", error.code}, {"message", error.message}}}});
}

std::string answer(ControlPlane& plane, std::string_view line) {
  const auto request = parse_request(line);
  if (!request) return refusal(request.error());
  const auto result = run(plane, *request);
  if (!result) return refusal(result.error());
  return boost::json::serialize(object{{"result", *result}});
}

}  // namespace ballast::control
