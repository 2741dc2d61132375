#include "cli/vrrp_command.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/words.h"
#include "control/json_text.h"

namespace ballast::cli {
namespace {

using control::VrrpView;

struct Options {
  std::string name;
  bool as_json = false;
  bool resign = false;
  bool reclaim = false;
};

std::string priority_text(const VrrpView& instance) {
  if (instance.because.empty()) return std::to_string(instance.priority);
  return fmt::format("{} ({} and {})", instance.priority, instance.configured_priority,
                     fmt::join(instance.because, ", "));
}

std::string active_router_text(const VrrpView& instance) {
  if (instance.state == "active") return "this one";
  if (!instance.active_router) return "none heard";
  return fmt::format("{} (priority {})", instance.active_router->to_string(), instance.active_priority);
}

std::string in_state(const VrrpView& instance) {
  return duration_words(std::chrono::seconds(instance.in_state_ms / 1000));
}

std::string track_text(const control::VrrpTrackView& track) {
  std::string text = track.kind == "director" ? track.kind : fmt::format("{} {}", track.kind, track.name);
  text += track.kind == "file" ? fmt::format(": {}", track.value) : track.good ? ": up" : ": down";
  text += track.weight == 0 ? ", a fault when it fails" : fmt::format(", weight {}", track.weight);
  return track.reverse ? text + ", reversed" : text;
}

std::string counts_text(const std::vector<control::VrrpCount>& counts) {
  std::vector<std::string> parts;
  for (const auto& count : counts) {
    if (count.value != 0) parts.push_back(fmt::format("{} {}", count.name, count.value));
  }
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

Result<void> print(const Options& options) {
  const auto answer = ask("vrrp");
  if (!answer) return std::unexpected(answer.error());
  const auto status = control::vrrp_from_json(*answer);
  if (!status) return std::unexpected(status.error());
  const auto instance = std::ranges::find(status->instances, options.name, &VrrpView::name);
  if (!options.name.empty() && instance == status->instances.end()) {
    return fail(fmt::format("no VRRP instance {}: 'ballast vrrp' lists them", options.name));
  }
  if (options.as_json) {
    control::VrrpStatus shown = *status;
    if (!options.name.empty()) shown.instances = {*instance};
    fmt::print("{}\n", control::json_text(control::to_json(shown)));
    return {};
  }
  fmt::print("{}", options.name.empty() ? vrrp_text(*status) : vrrp_text(*instance));
  return {};
}

Result<void> work(const Options& options) {
  if (!options.resign && !options.reclaim) return print(options);
  if (options.name.empty()) return fail("name the instance: ballast vrrp NAME --resign");
  const auto done = ask("vrrp_resign", {{"name", options.name}, {"back", options.reclaim}});
  return done ? Result<void>{} : std::unexpected(done.error());
}

}  // namespace

std::string vrrp_text(const control::VrrpStatus& status) {
  if (status.instances.empty()) return "no VRRP instance is configured\n";
  Table table({{.title = "Instance"},
               {.title = "State"},
               {.title = "Since"},
               {.title = "Interface"},
               {.title = "Router id", .align = Align::right},
               {.title = "Priority"},
               {.title = "Active router"},
               {.title = "Why"}});
  for (const auto& instance : status.instances) {
    table.add({instance.name, instance.state, in_state(instance), instance.interface,
               std::to_string(instance.router_id), priority_text(instance), active_router_text(instance),
               instance.why});
  }
  return table.text();
}

std::string vrrp_text(const VrrpView& instance) {
  Table table({{.title = ""}, {.title = ""}});
  table.add({"Instance",
             instance.group.empty() ? instance.name : fmt::format("{}, of group {}", instance.name, instance.group)});
  table.add({"State", fmt::format("{} for {}: {}", instance.state, in_state(instance), instance.why)});
  if (instance.resigned) {
    table.add({"", fmt::format("resigned: does not preempt until 'ballast vrrp {} --reclaim'", instance.name)});
  }
  table.add({"Protocol", fmt::format("VRRPv{} over {}, router id {}, every {} ms", instance.version, instance.family,
                                     instance.router_id, instance.interval_ms)});
  table.add({"Interface", fmt::format("{}, from {}", instance.interface, instance.address.to_string())});
  table.add({"Priority", priority_text(instance)});
  table.add({"Active router", active_router_text(instance)});
  std::string label = "Addresses";
  for (const auto& address : instance.addresses) table.add({std::exchange(label, ""), address});
  label = "Tracks";
  for (const auto& track : instance.tracks) table.add({std::exchange(label, ""), track_text(track)});
  table.add({"Counted", counts_text(instance.counters)});
  table.add({"Refused", counts_text(instance.refused)});
  return table.text(false);
}

void add_vrrp_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("vrrp", "Show virtual routers: their state, why, and since when");
  command->add_option("NAME", options->name, "One instance, with everything about it");
  command->add_flag("--json", options->as_json, "Print JSON");
  auto* resign =
      command->add_flag("--resign", options->resign, "Hand the instance over, with its group, and do not take it back");
  command->add_flag("--reclaim", options->reclaim, "Undo --resign: preempt again as configured")->excludes(resign);
  run_on(command, exit_status, [options] { return work(*options); });
}

}  // namespace ballast::cli
