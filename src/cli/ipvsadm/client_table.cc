#include "cli/ipvsadm/client_table.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/instance.h"
#include "control/json.h"

namespace ballast::ipvsadm {
namespace {

using boost::json::object;
using boost::json::value;

constexpr unsigned connections_per_page = 16384;

template <typename T>
Result<T> decode(const Result<value>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return control::from_json<T>(*answer);
}

std::unexpected<Error> not_understood(std::string_view operation) {
  return fail(fmt::format("the daemon's answer to '{}' is not understood: daemon and command are of different versions",
                          operation),
              EPROTO);
}

}  // namespace

Result<void> ClientTable::open() {
  if (client_) return {};
  auto instance = instance_name(option_);
  if (!instance) return std::unexpected(std::move(instance.error()));
  auto connected = control::Client::connect(*instance);
  if (!connected) return std::unexpected(std::move(connected.error()));
  client_ = std::move(*connected);
  return {};
}

Result<value> ClientTable::ask(std::string_view operation, object arguments) {
  if (auto opened = open(); !opened) return std::unexpected(std::move(opened.error()));
  return client_->call(operation, std::move(arguments));
}

Result<void> ClientTable::change(std::string_view operation, object arguments) {
  if (noted_) {
    arguments["op"] = operation;
    noted_->push_back(std::move(arguments));
    return {};
  }
  auto answer = ask(operation, std::move(arguments));
  if (!answer) return std::unexpected(std::move(answer.error()));
  return {};
}

Result<std::vector<Result<void>>> ClientTable::commit() {
  auto operations = std::exchange(noted_, std::nullopt).value_or(boost::json::array{});
  const std::size_t count = operations.size();
  auto answer = ask("transaction", {{"operations", std::move(operations)}});
  if (!answer) return std::unexpected(std::move(answer.error()));
  const auto* refusals = answer->if_array();
  if (refusals == nullptr || refusals->size() != count) return not_understood("transaction");
  std::vector<Result<void>> results;
  for (const auto& refusal : *refusals) {
    const auto error = control::from_json<std::optional<Error>>(refusal);
    if (!error) return std::unexpected(error.error());
    results.push_back(*error ? std::unexpected(**error) : Result<void>{});
  }
  return results;
}

Result<std::vector<control::ServiceView>> ClientTable::services() {
  return decode<std::vector<control::ServiceView>>(ask("services"));
}

Result<control::ServiceView> ClientTable::service(const cluster::ServiceKey& key) {
  auto views = decode<std::vector<control::ServiceView>>(ask("services", {{"key", control::to_json(key)}}));
  if (!views) return std::unexpected(std::move(views.error()));
  if (views->empty()) return fail(fmt::format("no service {}", cluster::to_string(key)), ESRCH);
  return std::move(views->front());
}

Result<void> ClientTable::connections(const std::function<void(const control::ConnectionView&)>& visit) {
  value cursor = 0;
  while (!cursor.is_null()) {
    auto answer = ask("connections", {{"cursor", cursor}, {"limit", connections_per_page}});
    if (!answer) return std::unexpected(std::move(answer.error()));
    const auto* page = answer->if_object();
    const auto* listed = page == nullptr ? nullptr : page->if_contains("connections");
    const auto* next = page == nullptr ? nullptr : page->if_contains("cursor");
    if (listed == nullptr || next == nullptr) return not_understood("connections");
    auto views = control::from_json<std::vector<control::ConnectionView>>(*listed);
    if (!views) return std::unexpected(std::move(views.error()));
    for (const auto& view : *views) visit(view);
    cursor = *next;
  }
  return {};
}

Result<cluster::Timeouts> ClientTable::timeouts() { return decode<cluster::Timeouts>(ask("timeouts")); }

Result<void> ClientTable::add_service(const cluster::VirtualService& service) {
  return change("add_service", {{"service", control::to_json(service)}});
}

Result<void> ClientTable::edit_service(const cluster::VirtualService& service) {
  return change("edit_service", {{"service", control::to_json(service)}});
}

Result<void> ClientTable::delete_service(const cluster::ServiceKey& key) {
  return change("delete_service", {{"key", control::to_json(key)}});
}

Result<void> ClientTable::add_server(const cluster::ServiceKey& key, const cluster::RealServer& server) {
  return change("add_server", {{"key", control::to_json(key)}, {"server", control::to_json(server)}});
}

Result<void> ClientTable::edit_server(const cluster::ServiceKey& key, const cluster::RealServer& server) {
  return change("edit_server", {{"key", control::to_json(key)}, {"server", control::to_json(server)}});
}

Result<void> ClientTable::delete_server(const cluster::ServiceKey& key, const net::Endpoint& endpoint) {
  return change("delete_server", {{"key", control::to_json(key)}, {"endpoint", control::to_json(endpoint)}});
}

Result<void> ClientTable::clear() { return change("clear"); }

Result<void> ClientTable::zero(const std::optional<cluster::ServiceKey>& key) {
  return change("zero", key ? object{{"key", control::to_json(*key)}} : object{});
}

Result<void> ClientTable::set_timeouts(const cluster::Timeouts& timeouts) {
  return change("set_timeouts", {{"timeouts", control::to_json(timeouts)}});
}

Result<std::vector<SyncDaemon>> ClientTable::sync_daemons() {
  const auto answer = ask("sync");
  if (!answer) return std::unexpected(answer.error());
  const auto view = control::from_json<control::SyncView>(*answer);
  if (!view) return std::unexpected(view.error());
  std::vector<SyncDaemon> daemons;
  for (const SyncRole role : {SyncRole::master, SyncRole::backup}) {
    for (const auto& kernel : view->kernel) {
      const auto& daemon = kernel.daemon;
      if (!(role == SyncRole::master ? daemon.master : daemon.backup)) continue;
      daemons.push_back({.role = role,
                         .interface = daemon.interface,
                         .id = daemon.id,
                         .longest_message = daemon.message_bytes,
                         .group = daemon.group,
                         .port = daemon.port,
                         .ttl = daemon.ttl});
    }
  }
  return daemons;
}

Result<void> ClientTable::start_sync_daemon(const SyncDaemon& wanted) {
  cluster::KernelSync daemon{.interface = wanted.interface, .id = wanted.id, .group = wanted.group};
  (wanted.role == SyncRole::master ? daemon.master : daemon.backup) = true;
  daemon.message_bytes = wanted.longest_message;
  if (wanted.port != 0) daemon.port = wanted.port;
  if (wanted.ttl != 0) daemon.ttl = wanted.ttl;
  return change("start_kernel_sync", {{"daemon", control::to_json(daemon)}});
}

Result<void> ClientTable::stop_sync_daemon(SyncRole role) {
  return change("stop_kernel_sync", {{"master", role == SyncRole::master}});
}

}  // namespace ballast::ipvsadm
