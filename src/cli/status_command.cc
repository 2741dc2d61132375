#include "cli/status_command.h"

#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/words.h"
#include "control/json.h"
#include "control/json_text.h"
#include "control/version.h"

namespace ballast::cli {
namespace {

Result<void> show(bool as_json) {
  const auto answer = ask("status");
  if (!answer) return std::unexpected(answer.error());
  if (as_json) {
    fmt::print("{}\n", control::json_text(*answer));
    return {};
  }
  const auto status = control::from_json<control::Status>(*answer);
  if (!status) return std::unexpected(status.error());
  fmt::print("{}", status_text(*status));
  return {};
}

}  // namespace

std::string status_text(const control::Status& status) {
  Table table({{.title = ""}, {.title = ""}});
  table.add({"Instance", fmt::format("{}, process {}, up {}", status.instance, status.pid,
                                     duration_words(std::chrono::seconds(status.uptime_seconds)))});
  table.add({"Version", status.version});
  table.add({"Configuration", status.configuration.empty() ? "none" : status.configuration});
  table.add({"Packet path", status.adopted ? "taken over from an earlier daemon" : "made by this daemon"});
  table.add({"Services", fmt::format("{}, with {}", status.services, counted(status.servers, "real server"))});
  if (status.checks != 0) {
    table.add(
        {"Health checks", fmt::format("{}; down: {}, {}", status.checks, counted(status.servers_down, "real server"),
                                      counted(status.services_down, "service"))});
  }
  table.add({"Connections", fmt::format("{} of {}", status.connections, status.connections_max)});
  if (status.connections_growing_to != 0) {
    table.add({"", fmt::format("growing to {}, {} % moved", status.connections_growing_to,
                               status.connections_moved_percent)});
  }
  std::string label = "Interfaces";
  for (const auto& interface : status.interfaces) {
    table.add({label, fmt::format("{}: {} ({})", interface.name, interface.hook, interface.reason)});
    label = "";
  }
  if (status.interfaces.empty()) table.add({label, "none"});
  label = "VRRP";
  for (const auto& instance : status.vrrp) {
    table.add({label, fmt::format("{}: {}, priority {}", instance.name, instance.state, instance.priority)});
    label = "";
  }
  return table.text(false);
}

void add_status_command(CLI::App& app, int& exit_status) {
  const auto as_json = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("status", "Show the daemon, its interfaces and how full it is");
  command->add_flag("--json", *as_json, "Print JSON");
  run_on(command, exit_status, [as_json] { return show(*as_json); });
}

void add_version_command(CLI::App& app, int& exit_status) {
  run_on(app.add_subcommand("version", "Print the version"), exit_status, []() -> Result<void> {
    fmt::print("ballast {}\n", control::version());
    return {};
  });
}

}  // namespace ballast::cli
