// run, reload, stop: the life of the daemon.
#include <filesystem>
#include <map>
#include <memory>

#include "base/log.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/source_options.h"
#include "control/daemon.h"

namespace ballast::cli {
namespace {

const std::map<std::string, log::Level>& levels() {
  static const std::map<std::string, log::Level> by_name = {{"error", log::Level::error},
                                                            {"warning", log::Level::warning},
                                                            {"notice", log::Level::notice},
                                                            {"info", log::Level::info},
                                                            {"debug", log::Level::debug}};
  return by_name;
}

struct RunOptions {
  SourceOptions sources;
  std::string level = "info";
};

Result<void> run(const RunOptions& options) {
  const auto instance = instance_name("");
  if (!instance) return std::unexpected(instance.error());
  log::set_level(levels().at(options.level));
  auto sources = sources_of(options.sources);
  if (!sources) return std::unexpected(sources.error());
  for (auto& source : *sources) {
    std::error_code wrong;
    source.path = std::filesystem::absolute(source.path, wrong);
    if (wrong) return fail(fmt::format("{}: {}", source.path, wrong.message()), wrong.value());
  }
  return control::run_daemon(
      {.instance = *instance, .configuration = *sources, .config_id = options.sources.config_id});
}

Result<void> reload() {
  const auto answer = ask("reload");
  if (!answer) return std::unexpected(answer.error());
  const auto* changed = answer->is_object() ? answer->get_object().if_contains("changed") : nullptr;
  if (changed != nullptr && changed->is_string()) {
    fmt::print("changed: {}\n", std::string_view(changed->get_string()));
  }
  return {};
}

Result<void> stop_left_behind(const std::string& instance) {
  const auto removed = control::remove_left_behind(instance);
  if (!removed) return std::unexpected(removed.error());
  fmt::print("{}\n", *removed ? "the packet path that an earlier daemon left is taken down" : "nothing was running");
  return {};
}

Result<void> stop() {
  const auto instance = instance_name("");
  if (!instance) return std::unexpected(instance.error());
  auto client = control::Client::connect(*instance);
  if (!client && (client.error().code == ENOENT || client.error().code == ECONNREFUSED)) {
    return stop_left_behind(*instance);
  }
  if (!client) return std::unexpected(client.error());
  if (const auto stopped = client->call("stop"); !stopped) return std::unexpected(stopped.error());
  // The daemon answers nothing after this; the connection ends when it does.
  [[maybe_unused]] const auto ended = client->call("status");
  fmt::print("the daemon has ended and the packet path is taken down\n");
  return {};
}

}  // namespace

void add_run_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<RunOptions>();
  auto* command = app.add_subcommand("run", "Run the daemon in the foreground; it logs to stderr");
  command->add_option("-c,--config", options->sources.yaml, "Configuration file (YAML)")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  add_foreign_options(*command, options->sources);
  command->add_option("--log-level", options->level, "error, warning, notice, info (default) or debug")
      ->check(CLI::IsMember(levels()).description(""))
      ->type_name("LEVEL");
  run_on(command, exit_status, [options] { return run(*options); });
}

void add_reload_command(CLI::App& app, int& exit_status) {
  run_on(app.add_subcommand("reload", "Let the daemon read its configuration again"), exit_status, reload);
}

void add_stop_command(CLI::App& app, int& exit_status) {
  run_on(app.add_subcommand("stop", "End the daemon and take the packet path down, connections included"), exit_status,
         stop);
}

}  // namespace ballast::cli
