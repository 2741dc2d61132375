#include "daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <tuple>

namespace ballast::bench {
namespace {

constexpr int start_seconds = 30;
constexpr std::chrono::milliseconds look_again(50);

const char* word_of(Method method) {
  switch (method) {
    case Method::route:
      return "route";
    case Method::tunnel:
      return "tunnel";
    case Method::nat:
      return "nat";
  }
  return "";
}

/// The measured service, and others beside it that nobody asks.
std::string configuration(const Network& network, Method method, const DaemonPlan& plan) {
  std::string text = fmt::format("director:\n  interfaces: [{}]\n  hook: xdp\n  connections: {}\n  services: {}\n",
                                 under_test, plan.connections, std::max(plan.services, 4096U));
  text += fmt::format("services:\n  measured:\n    listen: \"{}:{}/tcp\"\n    forward: {}\n    scheduler: {}\n",
                      virtual_address, virtual_port, word_of(method), plan.scheduler);
  text += "    servers:\n";
  const int port = method == Method::nat ? server_port : virtual_port;
  for (int i = 0; i < network.servers(); ++i) text += fmt::format("      - \"{}:{}\"\n", server_address(i), port);
  for (std::uint32_t i = 1; i < plan.services; ++i) {
    text += fmt::format("  other-{0}:\n    listen: \"10.201.{1}.{2}:80/tcp\"\n    servers: [\"{3}:80\"]\n", i, i / 256,
                        i % 256, server_address(0));
  }
  return text;
}

}  // namespace

Result<Daemon> Daemon::start(const Network& network, const std::string& programs, Method method,
                             const DaemonPlan& plan) {
  Daemon daemon;
  daemon.far_ = network.far();
  daemon.programs_ = programs;
  std::string directory = std::filesystem::temp_directory_path() / "ballast-bench-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) return fail_errno("cannot make a directory for temporary files");
  daemon.directory_ = directory;
  const std::string file = daemon.directory_ / "ballast.yaml";
  std::ofstream(file) << configuration(network, method, plan);
  auto process =
      Background::start(within(network.far(), {programs + "/ballast", "run", "-c", file}), daemon.directory_ / "log");
  if (!process) return std::unexpected(process.error());
  daemon.process_ = std::move(*process);
  if (auto ready = daemon.wait_until_ready(); !ready) return std::unexpected(ready.error());
  return daemon;
}

Daemon::~Daemon() {
  if (directory_.empty()) return;
  std::ignore = tool({"ballast", "stop"});
  process_ = Background();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<std::string> Daemon::tool(Command command) const {
  command.front() = fmt::format("{}/{}", programs_, command.front());
  return run(within(far_, std::move(command)));
}

std::string Daemon::log() const {
  std::ifstream file(directory_ / "log");
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<void> Daemon::wait_until_ready() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(start_seconds);
  while (std::chrono::steady_clock::now() < deadline) {
    if (log().find("ready") != std::string::npos) return {};
    if (process_.ended()) return fail("ballast does not start:\n" + log());
    std::this_thread::sleep_for(look_again);
  }
  return fail(fmt::format("ballast is not ready after {} s:\n{}", start_seconds, log()));
}

Result<ConnectionCounts> Daemon::connection_counts() const {
  const auto listed = tool({"ipvsadm", "-Ln"});
  if (!listed) return std::unexpected(listed.error());
  ConnectionCounts counts;
  std::istringstream lines(*listed);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string arrow, address, forward;
    std::uint64_t weight = 0, active = 0, inactive = 0;
    if (words >> arrow >> address >> forward >> weight >> active >> inactive && arrow == "->") {
      counts.active += active;
      counts.inactive += inactive;
    }
  }
  return counts;
}

Result<void> Daemon::set_tcp_timeout(std::chrono::seconds timeout) const {
  const auto set = tool({"ipvsadm", "--set", std::to_string(timeout.count()), "0", "0"});
  return set ? Result<void>{} : std::unexpected(set.error());
}

Result<Counters> Daemon::counters() const {
  const auto listed = tool({"ballast", "counters", "--all", "--json"});
  if (!listed) return std::unexpected(listed.error());
  boost::system::error_code code;
  const auto value = boost::json::parse(*listed, code);
  if (code || !value.is_array()) return fail("'ballast counters --json' printed something else than a list");
  Counters counters;
  for (const auto& entry : value.get_array()) {
    counters[boost::json::value_to<std::string>(entry.at("name"))] = entry.at("value").to_number<std::uint64_t>();
  }
  return counters;
}

}  // namespace ballast::bench
