// proc: what the kernel's ip_vs shows under /proc/net.
#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/ipvsadm/client_table.h"
#include "cli/proc_text.h"
#include "control/json.h"

namespace ballast::cli {
namespace {

Result<void> show_services() {
  ipvsadm::ClientTable table;
  const auto services = table.services();
  if (!services) return std::unexpected(services.error());
  fmt::print("{}", proc_services(*services));
  return {};
}

Result<void> show_connections() {
  ipvsadm::ClientTable table;
  if (auto opened = table.open(); !opened) return opened;
  fmt::print("{}", proc_connections_title());
  return table.connections([](const control::ConnectionView& one) { fmt::print("{}", proc_connection(one)); });
}

Result<void> show_stats() {
  const auto answer = ask("totals");
  if (!answer) return std::unexpected(answer.error());
  const auto totals = control::from_json<control::Totals>(*answer);
  if (!totals) return std::unexpected(totals.error());
  fmt::print("{}", proc_stats(*totals));
  return {};
}

}  // namespace

void add_proc_command(CLI::App& app, int& exit_status) {
  const auto file = std::make_shared<std::string>();
  auto* command = app.add_subcommand("proc", "Print what ip_vs shows under /proc/net: ip_vs, ip_vs_conn, ip_vs_stats");
  command->add_option("FILE", *file, "ip_vs, ip_vs_conn or ip_vs_stats")
      ->required()
      ->check(CLI::IsMember({"ip_vs", "ip_vs_conn", "ip_vs_stats"}).description(""))
      ->type_name("");
  run_on(command, exit_status, [file] {
    if (*file == "ip_vs") return show_services();
    return *file == "ip_vs_conn" ? show_connections() : show_stats();
  });
}

}  // namespace ballast::cli
