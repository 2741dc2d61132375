#include <net/if.h>

#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/source_options.h"
#include "cli/words.h"
#include "control/desired.h"

namespace ballast::cli {
namespace {

/// "FILE: valid, 2 services with 4 real servers", with its format where that is not our own.
void print_summary(const std::vector<config::Source>& sources, const cluster::Cluster& cluster) {
  std::string files;
  for (const auto& source : sources) {
    if (!files.empty()) files += ", ";
    files += source.path;
    if (source.format != config::Format::yaml) files += fmt::format(" ({})", to_string(source.format));
  }
  std::size_t servers = 0;
  for (const auto& service : cluster.services) servers += service.servers.size();
  fmt::print("{}: valid, {} with {}", files, counted(cluster.services.size(), "service"),
             counted(servers, "real server"));
  if (!cluster.vrrp.instances.empty()) {
    fmt::print(", {}", counted(cluster.vrrp.instances.size(), "virtual router"));
  }
  fmt::print("\n");
}

/// Prints what is wrong, one line each, or what the files hold. Gives the exit status.
int check(const SourceOptions& options) {
  const auto sources = sources_of(options);
  if (!sources) {
    fmt::print(stderr, "ballast check: {}\n", sources.error().message);
    return 1;
  }
  const auto reading = config::read_sources(*sources, names_for(options));
  if (!reading) {
    for (const auto& problem : reading.error()) fmt::print(stderr, "{}\n", to_string(problem));
    return 1;
  }
  print_summary(*sources, reading->cluster);
  for (const auto& warning : reading->warnings) fmt::print("note: {}\n", to_string(warning));
  for (const auto& line : control::shortcomings(reading->cluster)) fmt::print("note: {}\n", line);
  for (const auto& instance : reading->cluster.vrrp.instances) {
    if (::if_nametoindex(instance.interface.c_str()) != 0) continue;
    fmt::print("note: VRRP instance {}: there is no interface {} here\n", instance.name, instance.interface);
  }
  return 0;
}

}  // namespace

void add_check_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<SourceOptions>();
  auto* command = app.add_subcommand("check", "Say whether configuration files are valid, and what is wrong where");
  command
      ->add_option("FILE", options->guessed,
                   "Configuration files: YAML, ldirectord's (.cf) or keepalived's (.conf); the format of other names "
                   "is told by the text")
      ->type_name("");
  add_foreign_options(*command, *options);
  command->callback([options, &exit_status] {
    if (!names_files(*options)) throw CLI::RequiredError("FILE");
    exit_status = check(*options);
  });
}

}  // namespace ballast::cli
