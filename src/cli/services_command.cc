#include "cli/services_command.h"

#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/words.h"
#include "control/json.h"
#include "control/json_text.h"

namespace ballast::cli {
namespace {

using control::ServerView;
using control::ServiceView;

std::string origin_words(const cluster::VirtualService& service) {
  if (service.origin == cluster::Origin::command) return "";
  return service.name.empty() ? "  [file]" : fmt::format("  [{}]", service.name);
}

std::vector<std::string> row(const ServerView& view) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  return {"  -> " + view.server.endpoint.to_string(),
          forward_word(view.server.forward),
          number(view.server.weight),
          number(view.active),
          number(view.inactive),
          number(view.rates.connections),
          number(view.rates.packets_in),
          number(view.rates.packets_out),
          number(view.rates.bytes_in),
          number(view.rates.bytes_out)};
}

Result<void> show(bool as_json) {
  const auto answer = ask("services");
  if (!answer) return std::unexpected(answer.error());
  if (as_json) {
    fmt::print("{}\n", control::json_text(*answer));
    return {};
  }
  const auto services = control::from_json<std::vector<ServiceView>>(*answer);
  if (!services) return std::unexpected(services.error());
  fmt::print("{}", services_text(*services));
  return {};
}

}  // namespace

std::string services_text(const std::vector<ServiceView>& services) {
  if (services.empty()) return "no virtual services\n";
  Table table({{.title = "  -> RemoteAddress:Port"},
               {.title = "Forward"},
               {.title = "Weight", .align = Align::right},
               {.title = "ActiveConn", .align = Align::right},
               {.title = "InActConn", .align = Align::right},
               {.title = "CPS", .align = Align::right},
               {.title = "InPPS", .align = Align::right},
               {.title = "OutPPS", .align = Align::right},
               {.title = "InBPS", .align = Align::right},
               {.title = "OutBPS", .align = Align::right}});
  for (const auto& view : services) {
    table.add_heading(service_words(view.service.key), scheduler_words(view.service) + origin_words(view.service));
    for (const auto& address : view.service.further_addresses) table.add_heading(service_words(address), "");
    for (const auto& server : view.servers) table.add(row(server));
  }
  return "Prot LocalAddress:Port, Scheduler, Flags\n" + table.text();
}

void add_services_command(CLI::App& app, int& exit_status) {
  const auto as_json = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("services", "List virtual services and real servers with their load");
  command->add_flag("--json", *as_json, "Print JSON, counters included");
  run_on(command, exit_status, [as_json] { return show(*as_json); });
}

}  // namespace ballast::cli
