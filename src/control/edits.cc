#include "control/edits.h"
#include "control/synchronization.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cluster/edit.h"
#include "control/arguments.h"

namespace ballast::control {
namespace {

using boost::json::object;
using cluster::Cluster;
using cluster::RealServer;
using cluster::ServiceKey;
using cluster::VirtualService;

Result<Edit> add_service(const object& arguments) {
  auto service = argument<VirtualService>(arguments, "service");
  if (!service) return std::unexpected(service.error());
  service->origin = cluster::Origin::command;
  service->servers.clear();
  return Edit{[service = *service](Draft& draft) { return cluster::add_service(draft.cluster, service); }, service->key,
              fmt::format("added, scheduler {}", service->scheduler)};
}

Result<Edit> edit_service(const object& arguments) {
  auto service = argument<VirtualService>(arguments, "service");
  if (!service) return std::unexpected(service.error());
  return Edit{[service = *service](Draft& draft) { return cluster::edit_service(draft.cluster, service); },
              service->key, fmt::format("changed, scheduler {}", service->scheduler)};
}

Result<Edit> delete_service(const object& arguments) {
  auto key = argument<ServiceKey>(arguments, "key");
  if (!key) return std::unexpected(key.error());
  return Edit{[key = *key](Draft& draft) { return cluster::delete_service(draft.cluster, key); }, *key, "deleted"};
}

using ServerEdit = Result<void> (*)(Cluster&, const ServiceKey&, const RealServer&);

Result<Edit> change_server(const object& arguments, std::string_view what, ServerEdit edit) {
  auto key = argument<ServiceKey>(arguments, "key");
  if (!key) return std::unexpected(key.error());
  auto server = argument<RealServer>(arguments, "server");
  if (!server) return std::unexpected(server.error());
  return Edit{[edit, key = *key, server = *server](Draft& draft) { return edit(draft.cluster, key, server); }, *key,
              fmt::format("real server {} {}, weight {}", server->endpoint.to_string(), what, server->weight)};
}

Result<Edit> add_server(const object& arguments) { return change_server(arguments, "added", cluster::add_server); }

Result<Edit> edit_server(const object& arguments) { return change_server(arguments, "changed", cluster::edit_server); }

Result<Edit> delete_server(const object& arguments) {
  auto key = argument<ServiceKey>(arguments, "key");
  if (!key) return std::unexpected(key.error());
  auto endpoint = argument<net::Endpoint>(arguments, "endpoint");
  if (!endpoint) return std::unexpected(endpoint.error());
  return Edit{
      [key = *key, endpoint = *endpoint](Draft& draft) { return cluster::delete_server(draft.cluster, key, endpoint); },
      *key, fmt::format("real server {} deleted", endpoint->to_string())};
}

Result<Edit> clear(const object&) {
  return Edit{[](Draft& draft) -> Result<void> {
                cluster::clear(draft.cluster);
                return {};
              },
              std::nullopt, "all services deleted"};
}

Result<Edit> set_timeouts(const object& arguments) {
  auto timeouts = argument<cluster::Timeouts>(arguments, "timeouts");
  if (!timeouts) return std::unexpected(timeouts.error());
  return Edit{[timeouts = *timeouts](Draft& draft) { return control::set_timeouts(draft, timeouts); }, std::nullopt,
              fmt::format("timeouts set (0: left): tcp {} s, tcp_fin {} s, udp {} s", timeouts->tcp.count(),
                          timeouts->tcp_fin.count(), timeouts->udp.count())};
}

Result<Edit> zero(const object& arguments) {
  const auto key = optional_key(arguments);
  if (!key) return std::unexpected(key.error());
  return Edit{[key = *key](Draft& draft) { return control::zero(draft, key); }, *key, "counters set to zero"};
}

Result<Edit> start_kernel_sync(const object& arguments) {
  auto daemon = argument<cluster::KernelSync>(arguments, "daemon");
  if (!daemon) return std::unexpected(daemon.error());
  return Edit{[daemon = *daemon](Draft& draft) { return control::start_kernel_sync(draft, daemon); }, std::nullopt,
              fmt::format("synchronization as ip_vs's {} begins on {}", daemon->master ? "master" : "backup",
                          daemon->interface)};
}

Result<Edit> stop_kernel_sync(const object& arguments) {
  auto master = argument<bool>(arguments, "master");
  if (!master) return std::unexpected(master.error());
  return Edit{[master = *master](Draft& draft) { return control::stop_kernel_sync(draft, master); }, std::nullopt,
              fmt::format("synchronization as ip_vs's {} ends", *master ? "master" : "backup")};
}

struct Operation {
  std::string_view name;
  Result<Edit> (*read)(const object& arguments);
};

constexpr std::array operations = {Operation{"add_service", add_service},
                                   Operation{"edit_service", edit_service},
                                   Operation{"delete_service", delete_service},
                                   Operation{"add_server", add_server},
                                   Operation{"edit_server", edit_server},
                                   Operation{"delete_server", delete_server},
                                   Operation{"clear", clear},
                                   Operation{"zero", zero},
                                   Operation{"set_timeouts", set_timeouts},
                                   Operation{"start_kernel_sync", start_kernel_sync},
                                   Operation{"stop_kernel_sync", stop_kernel_sync}};

const Operation* find(std::string_view operation) {
  const auto* const found = std::ranges::find(operations, operation, &Operation::name);
  return found == operations.end() ? nullptr : found;
}

}  // namespace

bool is_edit(std::string_view operation) { return find(operation) != nullptr; }

Result<Edit> read_edit(std::string_view operation, const object& arguments) {
  const auto* found = find(operation);
  if (found == nullptr) {
    return fail(fmt::format("op: '{}' is not an operation that changes services", operation), EOPNOTSUPP);
  }
  return found->read(arguments);
}

}  // namespace ballast::control
