// bench-director: what a packet costs in Ballast's XDP program, beside a program that only swaps link addresses.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>

#include "measure.h"
#include "report.h"

namespace ballast::bench {
namespace {

std::atomic<bool> stop{false};

void ask_to_stop(int) { stop = true; }

struct Options {
  bool quick = false;
  bool json = false;
  std::vector<Method> methods{Method::route, Method::tunnel, Method::nat};
  std::vector<std::uint32_t> flows;
  std::uint32_t rounds = 0;
  DaemonPlan daemon;
  std::uint32_t expire = 0;
  int servers = 4;
  std::string programs;
};

Plan plan_of(const Options& options) {
  Plan plan;
  plan.flows = {1, 1000, 100'000, 1'000'000};
  plan.rounds = 9;
  plan.round_frames = 400'000;
  plan.floor_frames = 200'000;
  plan.connections = options.daemon.connections;
  if (options.quick) {
    plan.rounds = 3;
    plan.round_frames = 200'000;
    plan.floor_frames = 100'000;
  }
  if (options.rounds != 0) plan.rounds = options.rounds;
  if (!options.flows.empty()) {
    plan.flows = options.flows;
    std::ranges::sort(plan.flows);
  }
  return plan;
}

Result<std::vector<MethodReport>> measure_all(const Options& options) {
  auto network = Network::make(options.programs + "/ballast", options.servers);
  if (!network) return std::unexpected(network.error());
  auto generator = Generator::attach(*network);
  if (!generator) return std::unexpected(generator.error());
  const Plan plan = plan_of(options);
  std::vector<MethodReport> reports;
  for (const Method method : options.methods) {
    if (!options.json) fmt::print(stderr, "measuring {} ...\n", name_of(method));
    auto daemon = Daemon::start(*network, options.programs, method, options.daemon);
    if (!daemon) return std::unexpected(daemon.error());
    if (auto found = generator->find_program_under_test(); !found) return std::unexpected(found.error());
    auto points = measure(*generator, *daemon, method, plan, stop);
    if (!points) return fail(fmt::format("{}: {}", name_of(method), points.error().message));
    MethodReport report{.method = method, .points = std::move(*points), .upkeep = std::nullopt};
    if (options.expire != 0) {
      auto upkeep =
          measure_upkeep(*generator, *daemon, method, plan.connections, plan.flows.back(), options.expire, stop);
      if (!upkeep) return fail(fmt::format("{}: {}", name_of(method), upkeep.error().message));
      report.upkeep = *upkeep;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

int main(int argc, char** argv) {
  Options options;
  options.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  CLI::App app("What a packet costs in Ballast's XDP program, beside a program that only swaps link addresses");
  app.add_flag("--quick", options.quick, "A short run: fewer and smaller rounds");
  app.add_flag("--json", options.json, "Print JSON");
  const std::map<std::string, Method> names{{"route", Method::route}, {"tunnel", Method::tunnel}, {"nat", Method::nat}};
  app.add_option("--methods", options.methods, "Forwarding methods (default: all three)")
      ->transform(CLI::CheckedTransformer(names));
  app.add_option("--flows", options.flows, "Numbers of flows (default: 1 1000 100000 1000000)")
      ->check(CLI::Range(1, 16'000'000));
  app.add_option("--rounds", options.rounds, "Rounds of established packets at each point (default: 9, quick: 3)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--connections", options.daemon.connections, "Size of the connection table (default: 2097152)")
      ->check(CLI::Range(1, 134'217'728));
  app.add_option("--expire", options.expire,
                 "Then measure the table's timer: let so many of the connections be over at once (default: none)")
      ->check(CLI::Range(1, 16'000'000));
  app.add_option("--scheduler", options.daemon.scheduler,
                 "Scheduler; one that takes servers of weight 1 in turn (default: rr)");
  app.add_option("--servers", options.servers, "Real servers (default: 4)")->check(CLI::Range(1, most_servers));
  app.add_option("--services", options.daemon.services, "Virtual services, of which one is measured (default: 1)")
      ->check(CLI::Range(1, 60'000));
  app.add_option("--programs", options.programs, "Folder with ballast and ipvsadm (default: that of this program)");
  CLI11_PARSE(app, argc, argv);

  struct sigaction action{};
  action.sa_handler = ask_to_stop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);

  if (options.expire > plan_of(options).flows.back()) {
    fmt::print(stderr, "bench-director: --expire {} is more than there are flows ({})\n", options.expire,
               plan_of(options).flows.back());
    return 1;
  }
  for (const char* program : {"ballast", "ipvsadm"}) {
    if (std::filesystem::exists(std::filesystem::path(options.programs) / program)) continue;
    fmt::print(stderr, "bench-director: no {} in {}: build it, or name its folder with --programs\n", program,
               options.programs);
    return 1;
  }
  const auto reports = measure_all(options);
  if (!reports) {
    fmt::print(stderr, "bench-director: {}\n", reports.error().message);
    return 1;
  }
  fmt::print("{}", options.json ? as_json(*reports) : as_text(*reports));
  return 0;
}

}  // namespace
}  // namespace ballast::bench

int main(int argc, char** argv) { return ballast::bench::main(argc, argv); }
