#include "cli/ballast.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/commands.h"
#include "cli/ipvsadm/ipvsadm.h"
#include "cli/realserver_command.h"
#include "control/version.h"

namespace ballast::cli {
namespace {

constexpr int wrong_usage = 2;

/// Everything below asks instance_name(""), which looks here.
void choose_instance(const std::string& name) { ::setenv("BALLAST_INSTANCE", name.c_str(), 1); }

/// The place of "ipvsadm" where it is the command, or 0. Its arguments are not ours to parse: the options before it are
/// all that is looked at.
int find_ipvsadm(int argc, char** argv) {
  constexpr std::string_view option = "--instance";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "ipvsadm") return i;
    if (argument == option && i + 1 < argc) {
      ++i;
    } else if (!argument.starts_with(std::string(option) + "=")) {
      return 0;
    }
  }
  return 0;
}

void add_commands(CLI::App& app, int& exit_status) {
  add_run_command(app, exit_status);
  add_check_command(app, exit_status);
  add_probe_command(app, exit_status);
  add_convert_command(app, exit_status);
  add_reload_command(app, exit_status);
  add_apply_command(app, exit_status);
  add_stop_command(app, exit_status);
  add_status_command(app, exit_status);
  add_services_command(app, exit_status);
  add_checks_command(app, exit_status);
  add_sync_command(app, exit_status);
  add_connections_command(app, exit_status);
  add_counters_command(app, exit_status);
  add_capture_command(app, exit_status);
  add_explain_command(app, exit_status);
  add_vrrp_command(app, exit_status);
  add_metrics_command(app, exit_status);
  add_proc_command(app, exit_status);
  add_report_command(app, exit_status);
  add_realserver_command(app, exit_status);
  app.add_subcommand("ipvsadm", "Be ipvsadm: 'ballast ipvsadm -Ln'");
  app.add_subcommand("ipvsadm-restore", "Replace the table by the rules on standard input, in one step")
      ->callback([&exit_status] { exit_status = ipvsadm::run_ipvsadm_restore(); });
  add_version_command(app, exit_status);
}

/// "ballast connections: --client x: must be ...; 'ballast connections --help' explains": one line, as other errors.
std::string usage_error(const CLI::App* app, const CLI::Error& error) {
  const auto commands = app->get_subcommands();
  const std::string command = commands.empty() ? "ballast" : "ballast " + commands.front()->get_name();
  return fmt::format("{}: {}; '{} --help' explains\n", command, error.what(), command);
}

}  // namespace

int run_ballast(int argc, char** argv) {
  int exit_status = 0;
  CLI::App app("Ballast: layer-4 load balancing in the kernel", "ballast");
  app.require_subcommand(1);
  app.fallthrough();
  app.failure_message(usage_error);
  app.set_version_flag("--version", fmt::format("ballast {}", control::version()), "Print the version");
  app.add_option_function<std::string>("--instance", choose_instance,
                                       "Which daemon (default: $BALLAST_INSTANCE, else that of this network namespace)")
      ->type_name("NAME")
      ->trigger_on_parse();
  add_commands(app, exit_status);

  const int at = find_ipvsadm(argc, argv);
  try {
    app.parse(at == 0 ? argc : at + 1, argv);
  } catch (const CLI::RequiredError& error) {
    if (app.get_subcommands().empty() && !app.remaining().empty()) {
      fmt::print(stderr, "ballast: there is no command '{}': 'ballast --help' lists them\n", app.remaining().front());
    } else {
      app.exit(error);
    }
    return wrong_usage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : wrong_usage;
  }
  return at == 0 ? exit_status : ipvsadm::run_ipvsadm(argc - at, argv + at);
}

}  // namespace ballast::cli
