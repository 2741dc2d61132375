#include "cli/metrics_text.h"

#include <fmt/format.h>

#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

namespace ballast::cli {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

/// Families of samples, one after another.
class Exposition {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  /// A sample of the last family.
  void sample(const Labels& labels, std::uint64_t value) {
    std::string list;
    for (const auto& [name, label] : labels) {
      list += fmt::format("{}{}=\"{}\"", list.empty() ? "" : ",", name, escaped(label));
    }
    text_ += list.empty() ? fmt::format("{} {}\n", name_, value) : fmt::format("{}{{{}}} {}\n", name_, list, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string_view name_;
  std::string text_;
};

Labels labels_of(const control::ServiceView& view) { return {{"service", to_string(view.service.key)}}; }

Labels labels_of(const control::ServiceView& view, const control::ServerView& server) {
  return {{"service", to_string(view.service.key)}, {"server", server.server.endpoint.to_string()}};
}

struct Count {
  std::string_view name;
  std::string_view help;
  std::uint64_t control::Stats::* member;
};

constexpr Count counts[] = {
    {"connections", "connections scheduled", &control::Stats::connections},
    {"incoming_packets", "packets from clients", &control::Stats::packets_in},
    {"outgoing_packets", "packets to clients that came through the director", &control::Stats::packets_out},
    {"incoming_bytes", "bytes from clients, IP headers included", &control::Stats::bytes_in},
    {"outgoing_bytes", "bytes to clients that came through the director, IP headers included",
     &control::Stats::bytes_out},
};

void write_status(Exposition& out, const control::Status& status) {
  out.family("ballast_build_info", "gauge", "The version that runs");
  out.sample({{"version", status.version}, {"instance", status.instance}}, 1);
  out.family("ballast_uptime_seconds", "gauge", "Time since the daemon started");
  out.sample({}, static_cast<std::uint64_t>(status.uptime_seconds));
  out.family("ballast_adopted", "gauge", "1 where the daemon took over a running packet path");
  out.sample({}, status.adopted ? 1 : 0);
  out.family("ballast_interface_info", "gauge", "Interfaces that packets are taken from, and where");
  for (const auto& interface : status.interfaces) {
    out.sample({{"interface", interface.name}, {"hook", interface.hook}}, 1);
  }
  out.family("ballast_connections", "gauge", "Connections in the table");
  out.sample({}, status.connections);
  out.family("ballast_connections_capacity", "gauge", "Connections that the table is made for");
  out.sample({}, status.connections_max);
  out.family("ballast_services", "gauge", "Virtual services");
  out.sample({}, status.services);
  out.family("ballast_servers", "gauge", "Real servers of all services");
  out.sample({}, status.servers);
}

void write_counters(Exposition& out, const std::vector<control::CounterView>& counters) {
  out.family("ballast_drops_total", "counter", "Packets dropped and connections refused, by reason");
  for (const auto& counter : counters) {
    if (counter.drop) out.sample({{"reason", counter.name}}, counter.value);
  }
  out.family("ballast_events_total", "counter", "What the packet path counted beside drops");
  for (const auto& counter : counters) {
    if (!counter.drop) out.sample({{"event", counter.name}}, counter.value);
  }
}

void write_services(Exposition& out, const std::vector<control::ServiceView>& services) {
  out.family("ballast_service_info", "gauge", "Name in the configuration and scheduler of a service");
  for (const auto& view : services) {
    Labels labels = labels_of(view);
    labels.emplace_back("name", view.service.name);
    labels.emplace_back("scheduler", view.service.scheduler);
    out.sample(labels, 1);
  }
  for (const Count& count : counts) {
    const std::string name = fmt::format("ballast_service_{}_total", count.name);
    out.family(name, "counter", fmt::format("Of a service: {}", count.help));
    for (const auto& view : services) out.sample(labels_of(view), view.stats.*count.member);
  }
}

void write_servers(Exposition& out, const std::vector<control::ServiceView>& services) {
  const auto each = [&](const auto& value_of) {
    for (const auto& view : services) {
      for (const auto& server : view.servers) out.sample(labels_of(view, server), value_of(server));
    }
  };
  for (const Count& count : counts) {
    const std::string name = fmt::format("ballast_server_{}_total", count.name);
    out.family(name, "counter", fmt::format("Of a real server: {}", count.help));
    each([&](const control::ServerView& server) { return server.stats.*count.member; });
  }
  out.family("ballast_server_active_connections", "gauge", "ActiveConn of ipvsadm");
  each([](const control::ServerView& server) { return server.active; });
  out.family("ballast_server_inactive_connections", "gauge", "InActConn of ipvsadm");
  each([](const control::ServerView& server) { return server.inactive; });
  out.family("ballast_server_persistent_connections", "gauge", "PersistConn of ipvsadm");
  each([](const control::ServerView& server) { return server.persistent; });
  out.family("ballast_server_weight", "gauge", "Share of new connections; 0: none");
  each([](const control::ServerView& server) { return server.server.weight; });
}

constexpr std::string_view vrrp_states[] = {"initialize", "backup", "active", "fault"};

void write_vrrp(Exposition& out, const control::VrrpStatus& vrrp) {
  if (vrrp.instances.empty()) return;
  out.family("ballast_vrrp_state", "gauge", "1 for the state that a VRRP instance is in");
  for (const auto& instance : vrrp.instances) {
    for (const auto state : vrrp_states) {
      out.sample({{"vrrp", instance.name}, {"state", std::string(state)}}, instance.state == state ? 1 : 0);
    }
  }
  out.family("ballast_vrrp_priority", "gauge", "Priority of a VRRP instance with what it tracks");
  for (const auto& instance : vrrp.instances) out.sample({{"vrrp", instance.name}}, instance.priority);
  out.family("ballast_vrrp_events_total", "counter", "What a VRRP instance counted");
  for (const auto& instance : vrrp.instances) {
    for (const auto& [name, value] : instance.counters) out.sample({{"vrrp", instance.name}, {"event", name}}, value);
  }
  out.family("ballast_vrrp_refused_total", "counter", "Advertisements that were not believed, by reason");
  for (const auto& instance : vrrp.instances) {
    for (const auto& [name, value] : instance.refused) out.sample({{"vrrp", instance.name}, {"reason", name}}, value);
  }
  for (const auto& [name, value] : vrrp.refused) out.sample({{"vrrp", ""}, {"reason", name}}, value);
  out.family("ballast_vrrp_greatest_lateness_microseconds", "gauge", "How late a timer of VRRP was, at worst");
  out.sample({}, vrrp.greatest_lateness_us);
}

void write_health(Exposition& out, const control::HealthView& health) {
  out.family("ballast_service_up", "gauge", "1 where the healthy servers of a checked service are enough");
  for (const auto& service : health.services) out.sample({{"service", to_string(service.key)}}, service.up ? 1 : 0);
  out.family("ballast_service_fallback", "gauge", "1 where the fallback has the traffic");
  for (const auto& service : health.services) {
    out.sample({{"service", to_string(service.key)}}, service.fallback ? 1 : 0);
  }
  out.family("ballast_server_up", "gauge", "1 where the checks of a real server let it have traffic");
  for (const auto& service : health.services) {
    for (const auto& server : service.servers) {
      out.sample({{"service", to_string(service.key)}, {"server", server.endpoint.to_string()}}, server.up ? 1 : 0);
    }
  }
  const auto each = [&](const auto& value_of) {
    std::map<std::pair<std::string, std::string>, std::size_t> numbers;  // among those that look alike
    for (const auto& check : health.checks) {
      const std::string server = check.servers.empty() ? "" : check.servers.front().server.to_string();
      const std::size_t number = ++numbers[{server, check.check}];
      out.sample({{"server", server}, {"check", check.check}, {"number", std::to_string(number)}}, value_of(check));
    }
  };
  out.family("ballast_check_up", "gauge", "1 where a health check says that its server is up");
  each([](const control::CheckView& check) { return check.state == "up" || check.assumed_up ? 1U : 0U; });
  out.family("ballast_check_latency_microseconds", "gauge", "How long the last run of a health check took");
  each([](const control::CheckView& check) { return check.last_latency_microseconds; });
  out.family("ballast_check_successes_total", "counter", "Runs of a health check that succeeded");
  each([](const control::CheckView& check) { return check.successes; });
  out.family("ballast_check_failures_total", "counter", "Runs of a health check that failed");
  each([](const control::CheckView& check) { return check.failures; });
}

}  // namespace

std::string metrics_text(const Observed& observed) {
  Exposition out;
  write_status(out, observed.status);
  write_counters(out, observed.counters);
  write_services(out, observed.services);
  write_servers(out, observed.services);
  write_vrrp(out, observed.vrrp);
  write_health(out, observed.health);
  return out.take();
}

}  // namespace ballast::cli
