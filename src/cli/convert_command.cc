// convert: configuration of other programs as YAML.
#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/source_options.h"
#include "config/yaml.h"

namespace ballast::cli {
namespace {

/// What the YAML does not say, a line for each.
std::vector<std::string> without_counterpart(const config::Reading& reading) {
  std::vector<std::string> lines;
  for (const auto& wish : reading.wishes) {
    if (wish.follow) lines.push_back(fmt::format("{}: autoreload; say 'ballast reload' after a change", wish.path));
    if (!wish.callback.empty()) lines.push_back(fmt::format("{}: callback={}", wish.path, wish.callback));
  }
  for (const auto& warning : reading.warnings) lines.push_back(to_string(warning));
  return lines;
}

int convert(const SourceOptions& options) {
  const auto sources = sources_of(options);
  if (!sources) {
    fmt::print(stderr, "ballast convert: {}\n", sources.error().message);
    return 1;
  }
  const auto reading = config::read_sources(*sources, names_for(options));
  if (!reading) {
    for (const auto& problem : reading.error()) fmt::print(stderr, "{}\n", to_string(problem));
    return 1;
  }
  for (const auto& source : *sources) fmt::print("# from {} ({})\n", source.path, to_string(source.format));
  const auto missing = without_counterpart(*reading);
  if (!missing.empty()) fmt::print("#\n# What has no counterpart:\n");
  for (const auto& line : missing) fmt::print("#   {}\n", line);
  fmt::print("\n{}", config::write_yaml(reading->cluster));
  return 0;
}

}  // namespace

void add_convert_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<SourceOptions>();
  auto* command =
      app.add_subcommand("convert", "Print the YAML that means the same as ldirectord's or keepalived's files");
  command->add_option("FILE", options->guessed, "Configuration files whose format is guessed, as by 'ballast check'")
      ->type_name("");
  add_foreign_options(*command, *options);
  command->callback([options, &exit_status] {
    if (!names_files(*options)) throw CLI::RequiredError("FILE");
    exit_status = convert(*options);
  });
}

}  // namespace ballast::cli
