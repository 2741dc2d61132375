#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/words.h"
#include "config/yaml.h"
#include "control/desired.h"

namespace ballast::cli {
namespace {

/// Prints what is wrong, one line each, or what the file holds. Gives the exit status.
int check(const std::string& path) {
  const auto text = config::read_text(path);
  if (!text) {
    fmt::print(stderr, "ballast check: {}\n", text.error().message);
    return 1;
  }
  const auto cluster = config::check_yaml(*text, path);
  if (!cluster) {
    for (const auto& problem : cluster.error()) fmt::print(stderr, "{}\n", to_string(problem));
    return 1;
  }
  std::size_t servers = 0;
  for (const auto& service : cluster->services) servers += service.servers.size();
  fmt::print("{}: valid, {} with {}\n", path, counted(cluster->services.size(), "service"),
             counted(servers, "real server"));
  for (const auto& line : control::shortcomings(*cluster)) fmt::print("note: {}\n", line);
  return 0;
}

}  // namespace

void add_check_command(CLI::App& app, int& exit_status) {
  const auto path = std::make_shared<std::string>();
  auto* command = app.add_subcommand("check", "Say whether a configuration file is valid, and what is wrong where");
  command->add_option("FILE", *path, "Configuration file (YAML)")->required()->type_name("");
  command->callback([path, &exit_status] { exit_status = check(*path); });
}

}  // namespace ballast::cli
