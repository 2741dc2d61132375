#include "network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "base/fd.h"
#include "process.h"

namespace ballast::bench {
namespace {

constexpr std::string_view prefix = "ballast-bench-";
constexpr const char* namespaces = "/run/netns";

/// Takes a namespace down with all that Ballast has in it. Errors are left out: it may be half made.
void remove(const std::string& name, const std::string& ballast) {
  std::ignore = run(within(name, {ballast, "stop"}));
  std::error_code ignored;
  std::filesystem::remove_all("/run/ballast/" + name, ignored);
  std::ignore = run({"ip", "netns", "del", name});
}

/// Removes the namespaces of runs whose process is gone.
void remove_orphans(const std::string& ballast) {
  std::error_code ignored;
  std::vector<std::string> orphans;
  for (const auto& entry : std::filesystem::directory_iterator(namespaces, ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix)) continue;
    pid_t pid = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), pid);
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) orphans.push_back(name);
  }
  for (const auto& name : orphans) remove(name, ballast);
}

Result<void> write_sysctl(const std::string& path, const char* value) {
  std::ofstream file("/proc/sys/" + path);
  file << value << std::flush;
  if (!file) return fail(fmt::format("cannot set {}", path));
  return {};
}

Result<void> all(const std::vector<Command>& commands) {
  for (const auto& command : commands) {
    if (auto done = run(command); !done) return std::unexpected(done.error());
  }
  return {};
}

}  // namespace

std::string server_address(int i) {
  in_addr address{};
  inet_pton(AF_INET, first_server, &address);
  address.s_addr = htonl(ntohl(address.s_addr) + static_cast<std::uint32_t>(i));
  std::array<char, INET_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET, &address, text.data(), text.size());
}

Result<Network> Network::make(const std::string& ballast, int servers) {
  remove_orphans(ballast);
  Network made;
  made.servers_ = servers;
  made.near_ = fmt::format("{}{}-near", prefix, getpid());
  made.far_ = fmt::format("{}{}-far", prefix, getpid());
  made.cleanup_ = std::shared_ptr<void>(nullptr, [near = made.near_, far = made.far_, ballast](void*) {
    remove(far, ballast);
    std::ignore = run({"ip", "netns", "del", near});
  });
  std::vector<Command> commands{{"ip", "netns", "add", made.near_}, {"ip", "netns", "add", made.far_}};
  for (const char* link : {under_test, floor_link}) {
    commands.push_back(
        {"ip", "-n", made.near_, "link", "add", link, "type", "veth", "peer", "name", link, "netns", made.far_});
    for (const auto& side : {made.near_, made.far_}) {
      commands.push_back(within(side, {"sysctl", "-qw", fmt::format("net.ipv6.conf.{}.disable_ipv6=1", link)}));
      commands.push_back(within(side, {"ethtool", "-K", link, "tx", "off", "gro", "on"}));
      commands.push_back({"ip", "-n", side, "link", "set", link, "up"});
    }
  }
  commands.push_back(
      {"ip", "-n", made.far_, "address", "add", fmt::format("{}/16", director_address), "dev", under_test});
  commands.push_back(
      {"ip", "-n", made.far_, "address", "add", fmt::format("{}/32", virtual_address), "dev", under_test});
  if (auto done = all(commands); !done) return std::unexpected(done.error());

  std::string mac;
  auto found = inside(made.near_, [&mac]() -> Result<void> {
    const auto address = link_address(under_test);
    if (!address) return std::unexpected(address.error());
    mac = *address;
    return {};
  });
  if (!found) return std::unexpected(found.error());
  std::string text;
  for (const char byte : mac) text += fmt::format("{}{:02x}", text.empty() ? "" : ":", static_cast<std::uint8_t>(byte));
  const std::string router = "10.200.1.2";
  commands.clear();
  std::vector<std::string> neighbours{router};
  for (int i = 0; i < servers; ++i) neighbours.push_back(server_address(i));
  for (const auto& neighbour : neighbours) {
    commands.push_back(
        {"ip", "-n", made.far_, "neighbour", "add", neighbour, "lladdr", text, "dev", under_test, "nud", "permanent"});
  }
  commands.push_back({"ip", "-n", made.far_, "route", "add", "172.16.0.0/12", "via", router});
  if (auto done = all(commands); !done) return std::unexpected(done.error());
  auto forwarding = inside(made.far_, [] { return write_sysctl("net/ipv4/ip_forward", "1\n"); });
  if (!forwarding) return std::unexpected(forwarding.error());
  return made;
}

Network::~Network() = default;

Result<void> inside(const std::string& network_namespace, const std::function<Result<void>()>& task) {
  const Fd home(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const Fd there(open(fmt::format("{}/{}", namespaces, network_namespace).c_str(), O_RDONLY | O_CLOEXEC));
  if (!home || !there || setns(there.get(), CLONE_NEWNET) != 0) {
    return fail_errno(fmt::format("cannot enter the network namespace {}", network_namespace));
  }
  auto result = task();
  if (setns(home.get(), CLONE_NEWNET) != 0) return fail_errno("cannot come back to the first network namespace");
  return result;
}

Result<std::string> link_address(const std::string& interface) {
  const Fd asking(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  if (!asking || ioctl(asking.get(), SIOCGIFHWADDR, &request) != 0) {
    return fail_errno(fmt::format("cannot read the link address of {}", interface));
  }
  return std::string(request.ifr_hwaddr.sa_data, 6);
}

}  // namespace ballast::bench
