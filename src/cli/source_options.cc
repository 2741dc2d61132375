#include "cli/source_options.h"

#include "config/yaml.h"

namespace ballast::cli {
namespace {

void add(std::vector<config::Source>& sources, config::Format format, const std::vector<std::string>& paths) {
  for (const auto& path : paths) sources.push_back({.format = format, .path = path});
}

}  // namespace

void add_foreign_options(CLI::App& command, SourceOptions& options) {
  command.add_option("--ldirectord", options.ldirectord, "Configuration file of ldirectord (may be repeated)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command.add_option("--keepalived", options.keepalived, "Configuration file of keepalived (may be repeated)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      .add_option("--config-id", options.config_id,
                  "What lines with '@' of keepalived's are for, as its own -i; default: the machine's name")
      ->type_name("ID");
}

bool names_files(const SourceOptions& options) {
  return !options.yaml.empty() || !options.ldirectord.empty() || !options.keepalived.empty() ||
         !options.guessed.empty();
}

Result<std::vector<config::Source>> sources_of(const SourceOptions& options) {
  std::vector<config::Source> sources;
  add(sources, config::Format::yaml, options.yaml);
  add(sources, config::Format::ldirectord, options.ldirectord);
  add(sources, config::Format::keepalived, options.keepalived);
  for (const auto& path : options.guessed) {
    auto text = config::read_text(path);
    if (!text) return std::unexpected(text.error());
    const auto format = config::guess_format(path, *text);
    sources.push_back({format, path, std::move(*text)});
  }
  return sources;
}

config::Names names_for(const SourceOptions& options) {
  auto names = config::system_names();
  names.config_id = options.config_id;
  return names;
}

}  // namespace ballast::cli
