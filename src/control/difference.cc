#include "control/difference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "config/scalars.h"
#include "control/json_cluster.h"

namespace ballast::control {
namespace {

using cluster::Cluster;
using cluster::RealServer;
using cluster::VirtualService;

using Lines = std::vector<std::string>;

/// Names and values of what a service or server is made of, in the order in which they are told.
using Values = std::vector<std::pair<std::string_view, std::string>>;

template <typename E>
std::string word_of(E value) {
  for (const auto& [known, word] : json::Words<E>::names) {
    if (known == value) return std::string(word);
  }
  return "?";
}

std::string persistence_text(const VirtualService& service) {
  if (!service.persistence) return "none";
  const bool ipv4 = cluster::family_of(service.key) == net::Family::ipv4;
  const auto& [timeout, netmask] = *service.persistence;
  if (netmask == (ipv4 ? 0xffffffff : 128)) return fmt::format("{} s", timeout.count());
  return fmt::format("{} s netmask {}", timeout.count(),
                     ipv4 ? net::Address::ipv4(netmask).to_string() : std::to_string(netmask));
}

std::string flags_text(const VirtualService& service) {
  Lines names;
  for (const auto flag : {cluster::scheduler_flag_1, cluster::scheduler_flag_2, cluster::scheduler_flag_3}) {
    if ((service.scheduler_flags & flag) != 0)
      names.emplace_back(config::format_scheduler_flag(flag, service.scheduler));
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, "+"));
}

Values values_of(const VirtualService& service) {
  return {{"scheduler", service.scheduler},
          {"flags", flags_text(service)},
          {"persistence", persistence_text(service)},
          {"engine", service.persistence_engine.empty() ? "none" : service.persistence_engine},
          {"one_packet", service.one_packet ? "true" : "false"},
          {"mss_clamp", std::to_string(service.mss_clamp)}};
}

std::string tunnel_text(const RealServer& server) {
  if (server.forward != cluster::ForwardingMethod::tunnel) return "none";
  std::string text = word_of(server.tunnel.type);
  if (server.tunnel.port != 0) text += fmt::format(" port {}", server.tunnel.port);
  if (server.tunnel.checksum != cluster::TunnelChecksum::none) {
    text += fmt::format(" checksum {}", word_of(server.tunnel.checksum));
  }
  return text;
}

Values values_of(const RealServer& server) {
  return {{"forward", word_of(server.forward)},
          {"tunnel", tunnel_text(server)},
          {"weight", std::to_string(server.weight)},
          {"upper_threshold", std::to_string(server.upper_threshold)},
          {"lower_threshold", std::to_string(server.lower_threshold)}};
}

/// "scheduler wrr, persistence 360 s": the first value always, others where they are not those of `plain`.
std::string told(const Values& values, const Values& plain) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i].second == plain[i].second) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", values[i].first, values[i].second);
  }
  return text;
}

/// "weight 1 -> 3", or "".
std::string changes(const Values& before, const Values& after) {
  Lines changed;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == after[i]) continue;
    changed.push_back(fmt::format("{} {} -> {}", before[i].first, before[i].second, after[i].second));
  }
  return fmt::format("{}", fmt::join(changed, ", "));
}

std::string server_line(char sign, const RealServer& server, const std::string& text) {
  return fmt::format("  {} {}{}{}", sign, server.endpoint.to_string(), text.empty() ? "" : "  ", text);
}

std::string whole(const RealServer& server) {
  RealServer plain;
  plain.weight = server.weight + 1;  // the weight is always told
  return told(values_of(server), values_of(plain));
}

/// Whether the servers that stay do so in another order.
bool reordered(const VirtualService& before, const VirtualService& after) {
  const auto common = [](const VirtualService& of, const VirtualService& other) {
    std::vector<net::Endpoint> endpoints;
    for (const auto& server : of.servers) {
      if (std::ranges::find(other.servers, server.endpoint, &RealServer::endpoint) != other.servers.end()) {
        endpoints.push_back(server.endpoint);
      }
    }
    return endpoints;
  };
  return common(before, after) != common(after, before);
}

Lines server_lines(const VirtualService& before, const VirtualService& after) {
  Lines lines;
  const auto find = [](const VirtualService& service, const RealServer& server) {
    const auto found = std::ranges::find(service.servers, server.endpoint, &RealServer::endpoint);
    return found == service.servers.end() ? nullptr : &*found;
  };
  for (const auto& server : before.servers) {
    if (find(after, server) == nullptr) lines.push_back(server_line('-', server, ""));
  }
  for (const auto& server : after.servers) {
    const auto* old = find(before, server);
    if (old == nullptr) {
      lines.push_back(server_line('+', server, whole(server)));
    } else if (const std::string changed = changes(values_of(*old), values_of(server)); !changed.empty()) {
      lines.push_back(server_line('~', server, changed));
    }
  }
  if (reordered(before, after)) lines.emplace_back("  ~ order of the real servers");
  return lines;
}

void append(Lines& lines, Lines more) { std::ranges::move(more, std::back_inserter(lines)); }

Lines lines_of_change(const VirtualService& before, const VirtualService& after) {
  const std::string changed = changes(values_of(before), values_of(after));
  Lines servers = server_lines(before, after);
  if (changed.empty() && servers.empty()) return {};
  Lines lines = {fmt::format("~ {}{}{}", to_string(after.key), changed.empty() ? "" : "  ", changed)};
  append(lines, std::move(servers));
  return lines;
}

Lines lines_of_addition(const VirtualService& service) {
  VirtualService plain;
  plain.key = service.key;
  Lines lines = {fmt::format("+ {}  {}", to_string(service.key), told(values_of(service), values_of(plain)))};
  append(lines, server_lines(plain, service));
  return lines;
}

Lines director_lines(const cluster::DirectorSettings& before, const cluster::DirectorSettings& after) {
  Lines lines;
  const auto values = [](const cluster::Timeouts& timeouts) -> Values {
    return {{"tcp", fmt::format("{} s", timeouts.tcp.count())},
            {"tcp_fin", fmt::format("{} s", timeouts.tcp_fin.count())},
            {"udp", fmt::format("{} s", timeouts.udp.count())}};
  };
  const std::string timeouts = changes(values(before.timeouts), values(after.timeouts));
  if (!timeouts.empty()) lines.push_back("~ timeouts  " + timeouts);
  auto same_timeouts = before;
  same_timeouts.timeouts = after.timeouts;
  if (same_timeouts != after) lines.emplace_back("~ director  other settings");
  return lines;
}

}  // namespace

Lines difference(const Cluster& before, const Cluster& after) {
  std::map<cluster::ServiceKey, const VirtualService*> old;
  for (const auto& service : before.services) old.emplace(service.key, &service);
  Lines added_and_changed;
  for (const auto& service : after.services) {
    const auto found = old.find(service.key);
    append(added_and_changed,
           found == old.end() ? lines_of_addition(service) : lines_of_change(*found->second, service));
    if (found != old.end()) old.erase(found);
  }
  Lines lines = director_lines(before.director, after.director);
  for (const auto& service : before.services) {
    if (!old.contains(service.key)) continue;
    lines.push_back(fmt::format("- {}  with {} real server{}", to_string(service.key), service.servers.size(),
                                service.servers.size() == 1 ? "" : "s"));
  }
  append(lines, std::move(added_and_changed));
  return lines;
}

}  // namespace ballast::control
