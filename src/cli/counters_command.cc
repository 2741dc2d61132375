#include "cli/counters_command.h"

#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "control/json.h"
#include "control/json_text.h"

namespace ballast::cli {
namespace {

using control::CounterView;

struct Options {
  bool all = false;
  bool as_json = false;
};

std::vector<CounterView> shown(std::vector<CounterView> counters, bool all) {
  if (!all) std::erase_if(counters, [](const CounterView& counter) { return counter.value == 0; });
  return counters;
}

Result<void> show(const Options& options) {
  const auto answer = ask("counters");
  if (!answer) return std::unexpected(answer.error());
  auto counters = control::from_json<std::vector<CounterView>>(*answer);
  if (!counters) return std::unexpected(counters.error());
  if (options.as_json) {
    fmt::print("{}\n", control::json_text(control::to_json(shown(std::move(*counters), options.all))));
  } else {
    fmt::print("{}", counters_text(*counters, options.all));
  }
  return {};
}

}  // namespace

std::string counters_text(const std::vector<CounterView>& counters, bool all) {
  const auto visible = shown(counters, all);
  if (visible.empty()) return "every counter is 0 (--all lists them)\n";
  Table table({{.title = "Counter"}, {.title = "Value", .align = Align::right}, {.title = "Meaning"}});
  for (const auto& counter : visible) table.add({counter.name, std::to_string(counter.value), counter.help});
  return table.text();
}

void add_counters_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("counters", "Show what the packet path counted: every reason for a drop by name");
  command->add_flag("--all", options->all, "Also those that are 0");
  command->add_flag("--json", options->as_json, "Print JSON");
  run_on(command, exit_status, [options] { return show(*options); });
}

}  // namespace ballast::cli
