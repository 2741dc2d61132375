#include "cli/realserver_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/instance.h"
#include "realserver/execute.h"
#include "realserver/observe.h"
#include "realserver/options.h"
#include "realserver/plan.h"
#include "realserver/programs.h"
#include "realserver/record.h"
#include "realserver/status.h"

namespace ballast::cli {
namespace {

using realserver::Method;

struct Arguments {
  std::vector<std::string> vips;
  std::string method = "route";
  std::vector<std::string> interfaces;
  std::uint16_t gue_port = 6080;
  std::uint16_t mss = 0;
  bool dry_run = false;
  bool undo = false;
  bool status = false;
};

struct Place {
  std::string record_file;
  realserver::Record record;
  realserver::Observed observed;
};

Result<Place> look() {
  const auto instance = instance_name("");
  if (!instance) return std::unexpected(instance.error());
  Place place;
  place.record_file = realserver::record_file(*instance);
  auto record = realserver::load_record(place.record_file);
  if (!record) return std::unexpected(record.error());
  place.record = std::move(*record);
  auto observed = realserver::observe(place.record);
  if (!observed) return std::unexpected(observed.error());
  place.observed = std::move(*observed);
  return place;
}

Result<realserver::Options> options_of(const Arguments& arguments) {
  realserver::Options options;
  for (const auto& text : arguments.vips) {
    const auto address = net::Address::parse(text);
    if (!address) return fail(fmt::format("--vip {}: not an IPv4 or IPv6 address (no port, no prefix length)", text));
    options.vips.push_back(*address);
  }
  options.method = arguments.method == "tunnel" ? Method::tunnel : Method::route;
  options.interfaces = arguments.interfaces;
  options.gue_port = arguments.gue_port;
  options.mss = arguments.mss;
  return options;
}

void print_notes(const realserver::Plan& plan, const char* prefix) {
  for (const auto& note : plan.notes) fmt::print("{}{}\n", prefix, note);
}

void print_step(const realserver::PlannedStep& planned) {
  fmt::print("{}  # {}\n", realserver::command_of(planned.step), planned.reason);
}

void print_dry_run(const realserver::Plan& plan) {
  for (const auto& planned : plan.steps) print_step(planned);
  print_notes(plan, "# note: ");
  if (plan.steps.empty()) fmt::print("# nothing to do\n");
}

Result<void> require_root() {
  if (::geteuid() == 0) return {};
  return fail(
      "this changes addresses, kernel parameters and packet programs: run it as root, or with --dry-run to see "
      "what it would do",
      EPERM);
}

Result<void> set_up(const Arguments& arguments) {
  const auto options = options_of(arguments);
  if (!options) return std::unexpected(options.error());
  if (!arguments.dry_run) {
    if (auto root = require_root(); !root) return root;
  }
  const auto place = look();
  if (!place) return std::unexpected(place.error());
  const auto plan = realserver::plan_setup(*options, place->observed);
  if (!plan) return std::unexpected(plan.error());
  if (arguments.dry_run) {
    print_dry_run(*plan);
    return {};
  }
  auto done = realserver::execute_setup(*plan, place->observed, place->record, place->record_file, print_step);
  if (!done) return done;
  print_notes(*plan, "note: ");
  fmt::print("{}\n", plan->steps.empty() ? "nothing to do: this real server is ready" : "this real server is ready");
  return {};
}

Result<void> undo(const Arguments& arguments) {
  if (!arguments.dry_run) {
    if (auto root = require_root(); !root) return root;
  }
  const auto place = look();
  if (!place) return std::unexpected(place.error());
  const auto plan = realserver::plan_undo(place->observed);
  if (arguments.dry_run) {
    print_dry_run(plan);
    return {};
  }
  print_notes(plan, "note: ");
  if (plan.steps.empty()) fmt::print("nothing to undo\n");
  return realserver::execute_undo(plan, place->record_file, print_step);
}

Result<void> status() {
  const auto place = look();
  if (!place) return std::unexpected(place.error());
  std::vector<std::pair<std::string, std::uint64_t>> counters;
  if (const auto program = realserver::attached_program(place->observed); program != 0 && ::geteuid() == 0) {
    const auto maps = realserver::Maps::of_program(program);
    if (!maps) return std::unexpected(maps.error());
    auto all = maps->counters();
    if (!all) return std::unexpected(all.error());
    counters = std::move(*all);
  }
  for (const auto& line : realserver::describe(place->observed, counters)) fmt::print("{}\n", line);
  return {};
}

int run(const Arguments& arguments) {
  const auto done = arguments.status ? status() : arguments.undo ? undo(arguments) : set_up(arguments);
  if (done) return 0;
  fmt::print(stderr, "ballast realserver: {}\n", done.error().message);
  return 1;
}

}  // namespace

void add_realserver_command(CLI::App& app, int& exit_status) {
  const auto arguments = std::make_shared<Arguments>();
  auto* command = app.add_subcommand("realserver", "Prepare this machine as a real server for DR or TUN");
  auto* vip = command->add_option("--vip", arguments->vips, "address that clients connect to; once for each");
  command->add_option("--method", arguments->method, "how packets arrive: route (DR) or tunnel (TUN)")
      ->check(CLI::IsMember({"route", "tunnel"}))
      ->capture_default_str();
  command->add_option("--interface", arguments->interfaces,
                      "where packets arrive (default: the interfaces of the default routes, else all that are up)");
  command->add_option("--gue-port", arguments->gue_port, "UDP port of GUE")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  command->add_option("--mss", arguments->mss, "largest MSS that the VIPs announce, in bytes (default: left alone)")
      ->check(CLI::Range(88, 65495));
  auto* undo_flag = command->add_flag("--undo", arguments->undo, "take everything back")->excludes(vip);
  command->add_flag("--status", arguments->status, "show what is set up, and counters")
      ->excludes(vip)
      ->excludes(undo_flag);
  command->add_flag("--dry-run", arguments->dry_run, "print the commands that would do the same, and do nothing");
  command->callback([arguments, &exit_status] { exit_status = run(*arguments); });
}

}  // namespace ballast::cli
