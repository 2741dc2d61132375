#include "control/notice_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "process/words.h"

namespace ballast::control {
namespace {

using health::Notice;
using Kind = Notice::Kind;

/// Long enough for scripts that do something; nothing waits for them but the next command of the same service.
constexpr std::chrono::seconds longest_run{60};
constexpr std::chrono::seconds grace{5};

std::string_view event_of(Kind kind) {
  switch (kind) {
    case Kind::server_up:
      return "server_up";
    case Kind::server_down:
      return "server_down";
    case Kind::service_up:
      return "service_up";
    case Kind::service_down:
      return "service_down";
    case Kind::fallback_on:
      return "fallback_on";
    case Kind::fallback_off:
      return "fallback_off";
  }
  return "?";
}

const cluster::RealServer* find_server(const cluster::VirtualService& service, const net::Endpoint& endpoint) {
  const auto found = std::ranges::find(service.servers, endpoint, &cluster::RealServer::endpoint);
  return found == service.servers.end() ? nullptr : &*found;
}

struct Line {
  std::string text;
  std::string user;
};

Line line_of(const cluster::VirtualService& service, const Notice& notice) {
  const auto* server = find_server(service, notice.server);
  const cluster::ServerHealth health = server != nullptr ? server->health : cluster::ServerHealth{};
  switch (notice.kind) {
    case Kind::server_up:
      return {health.up_command, health.command_user};
    case Kind::server_down:
      return {health.down_command, health.command_user};
    case Kind::service_up:
      return {service.quorum.up_command, service.quorum.command_user};
    case Kind::service_down:
      return {service.quorum.down_command, service.quorum.command_user};
    case Kind::fallback_on:
    case Kind::fallback_off:
      return {service.fallback_command, ""};
  }
  return {};
}

std::array<std::string, 2> address_and_protocol(const cluster::ServiceKey& key) {
  if (const auto* mark = std::get_if<cluster::MarkKey>(&key)) return {std::to_string(mark->mark), "fwm"};
  const auto& address = std::get<cluster::AddressKey>(key);
  const std::string name = to_string(key);
  return {address.endpoint.to_string(), name.substr(0, name.find(' '))};
}

}  // namespace

Result<std::optional<process::Command>> command_for(const cluster::VirtualService& service, const Notice& notice) {
  const auto [text, user] = line_of(service, notice);
  if (text.empty()) return std::nullopt;
  auto words = process::split_words(text);
  if (!words) return fail(fmt::format("command '{}' {}", text, words.error().message), EINVAL);
  if (notice.kind == Kind::fallback_on || notice.kind == Kind::fallback_off) {
    const auto [address, protocol] = address_and_protocol(service.key);
    words->emplace_back(notice.kind == Kind::fallback_on ? "start" : "stop");
    words->push_back(address);
    words->push_back(protocol);
  }
  const bool of_service = notice.kind == Kind::service_up || notice.kind == Kind::service_down;
  return process::Command{.words = std::move(*words),
                          .user = user,
                          .timeout = longest_run,
                          .grace = grace,
                          .environment = {{"BALLAST_EVENT", std::string(event_of(notice.kind))},
                                          {"BALLAST_SERVICE", to_string(service.key)},
                                          {"BALLAST_SERVER", of_service ? "" : notice.server.to_string()},
                                          {"BALLAST_REASON", notice.reason}}};
}

}  // namespace ballast::control
