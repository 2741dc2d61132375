#include "control/difference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "config/health.h"
#include "config/scalars.h"
#include "config/sync.h"
#include "config/vrrp.h"
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

void append(Lines& lines, Lines more) { std::ranges::move(more, std::back_inserter(lines)); }

/// "scheduler wrr, persistence 360 s": the first value always, others where they are not those of `plain`.
std::string told(const Values& values, const Values& plain) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i].second == plain[i].second) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", values[i].first, values[i].second);
  }
  return text;
}

std::string whole(const RealServer& server) {
  RealServer plain;
  plain.weight = server.weight + 1;  // the weight is always told
  return told(values_of(server), values_of(plain));
}

/// "- key: value" of what only `before` has, "+ key: value" of what only `after` has.
Lines setting_lines(std::string_view indent, Lines before, Lines after) {
  for (auto line = before.begin(); line != before.end();) {
    const auto kept = std::ranges::find(after, *line);
    if (kept == after.end()) {
      ++line;
    } else {
      after.erase(kept);
      line = before.erase(line);
    }
  }
  Lines lines;
  for (const auto& line : before) lines.push_back(fmt::format("{}- {}", indent, line));
  for (const auto& line : after) lines.push_back(fmt::format("{}+ {}", indent, line));
  return lines;
}

/// How a server is watched.
Lines settings_of(const RealServer& server) {
  Lines lines = config::watching_lines(server.health);
  if (server.health.disabled) lines.emplace_back("disabled: true");
  return lines;
}

/// What health means for a service as a whole.
Lines settings_of(const VirtualService& service) {
  Lines lines = config::care_lines(service);
  if (service.fallback) {
    lines.push_back(fmt::format("fallback: {}, {}", service.fallback->endpoint.to_string(), whole(*service.fallback)));
  }
  return lines;
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
    const std::string changed = old == nullptr ? "" : changes(values_of(*old), values_of(server));
    Lines settings = setting_lines("    ", old == nullptr ? Lines{} : settings_of(*old), settings_of(server));
    if (old == nullptr) {
      lines.push_back(server_line('+', server, whole(server)));
    } else if (!changed.empty() || !settings.empty()) {
      lines.push_back(server_line('~', server, changed));
    }
    append(lines, std::move(settings));
  }
  if (reordered(before, after)) lines.emplace_back("  ~ order of the real servers");
  return lines;
}

Lines lines_of_change(const VirtualService& before, const VirtualService& after) {
  const std::string changed = changes(values_of(before), values_of(after));
  Lines servers = setting_lines("  ", settings_of(before), settings_of(after));
  append(servers, server_lines(before, after));
  if (changed.empty() && servers.empty()) return {};
  Lines lines = {fmt::format("~ {}{}{}", to_string(after.key), changed.empty() ? "" : "  ", changed)};
  append(lines, std::move(servers));
  return lines;
}

Lines lines_of_addition(const VirtualService& service) {
  VirtualService plain;
  plain.key = service.key;
  Lines lines = {fmt::format("+ {}  {}", to_string(service.key), told(values_of(service), values_of(plain)))};
  append(lines, setting_lines("  ", {}, settings_of(service)));
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

/// `vrrp:` with one instance, or with none.
Lines lines_of(cluster::VrrpSettings settings, const std::string& instance) {
  std::erase_if(settings.instances, [&](const auto& one) { return one.name != instance; });
  cluster::VrrpSettings alone;
  alone.instances = settings.instances;
  Lines lines = config::vrrp_lines(instance.empty() ? settings : alone);
  if (!instance.empty() && !lines.empty()) lines.erase(lines.begin());  // its name
  for (auto& line : lines) line.erase(0, line.find_first_not_of(' '));
  return lines;
}

Lines vrrp_lines(const cluster::VrrpSettings& before, const cluster::VrrpSettings& after) {
  std::set<std::string> names = {""};
  for (const auto* settings : {&before, &after}) {
    for (const auto& instance : settings->instances) names.insert(instance.name);
  }
  Lines lines;
  const auto has = [](const cluster::VrrpSettings& settings, const std::string& name) {
    return name.empty() ||
           std::ranges::find(settings.instances, name, &cluster::VrrpInstance::name) != settings.instances.end();
  };
  for (const auto& name : names) {
    const bool was = has(before, name), is = has(after, name);
    Lines settings = is ? setting_lines("  ", lines_of(before, name), lines_of(after, name)) : Lines{};
    if (was && is && settings.empty()) continue;
    lines.push_back(fmt::format("{} vrrp{}{}", !was ? '+' : is ? '~' : '-', name.empty() ? "" : " ", name));
    append(lines, std::move(settings));
  }
  return lines;
}

/// The lines of `sync:` but the first, without the secret.
Lines lines_of(const cluster::SyncSettings& settings) {
  Lines lines;
  std::istringstream text(config::sync_text(settings));
  for (std::string line; std::getline(text, line);) {
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string::npos || begin == 0) continue;
    line.erase(0, begin);
    lines.push_back(line.starts_with("key:") ? "key: ..." : line);
  }
  return lines;
}

Lines sync_lines(const cluster::SyncSettings& before, const cluster::SyncSettings& after) {
  if (before == after) return {};
  Lines lines = {"~ sync"};
  append(lines, setting_lines("  ", lines_of(before), lines_of(after)));
  if (before.peers && after.peers && before.peers->key != after.peers->key) lines.emplace_back("  another key");
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
  append(lines, vrrp_lines(before.vrrp, after.vrrp));
  append(lines, sync_lines(before.sync, after.sync));
  for (const auto& service : before.services) {
    if (!old.contains(service.key)) continue;
    lines.push_back(fmt::format("- {}  with {} real server{}", to_string(service.key), service.servers.size(),
                                service.servers.size() == 1 ? "" : "s"));
  }
  append(lines, std::move(added_and_changed));
  return lines;
}

}  // namespace ballast::control
