#include <fmt/format.h>

#include <algorithm>

#include "cluster/edit.h"
#include "config/behaviour.h"
#include "config/sections.h"

namespace ballast::config {
namespace {

constexpr std::array director_keys = {Key{"interfaces"}, Key{"hook"},        Key{"connections"}, Key{"services"},
                                      Key{"servers"},    Key{"mh_services"}, Key{"timeouts"},    Key{"behaviour"}};
constexpr std::array timeout_keys = {Key{"tcp"}, Key{"tcp_fin"}, Key{"udp"}};

constexpr std::uint64_t most_connections = std::uint64_t{1} << 27;
constexpr std::uint64_t most_services = std::uint64_t{1} << 20;
constexpr std::uint64_t most_servers = std::uint64_t{1} << 20;
constexpr std::uint64_t most_mh_services = std::uint64_t{1} << 16;

std::vector<std::string> read_interfaces(const Value& list) {
  std::vector<std::string> interfaces;
  for (const Value& item : list.items().value_or(std::vector<Value>{})) {
    const auto name = item.text();
    if (!name) continue;
    if (!is_interface_name(*name)) {
      item.problem(
          fmt::format("{} cannot be an interface: a name has 1 to 15 characters, no space, '/' or ':'", quoted(*name)));
    } else if (std::ranges::find(interfaces, *name) != interfaces.end()) {
      item.problem(fmt::format("interface {} is here twice", quoted(*name)));
    } else {
      interfaces.push_back(*name);
    }
  }
  return interfaces;
}

void read_count(const Fields& fields, std::string_view key, std::uint64_t most, std::uint32_t& count) {
  const auto value = fields.get(key);
  const auto number = value ? value->number(1, most) : std::nullopt;
  if (number) count = static_cast<std::uint32_t>(*number);
}

/// Sets one of the timeouts, where the rules of ip_vs allow its value.
void read_timeout(const Fields& fields, std::string_view key, std::chrono::seconds cluster::Timeouts::* member,
                  cluster::Timeouts& timeouts) {
  const auto value = fields.get(key);
  const auto duration = value ? value->duration() : std::nullopt;
  if (!duration) return;
  cluster::Timeouts one{.tcp = {}, .tcp_fin = {}, .udp = {}};
  one.*member = *duration;
  cluster::Cluster scratch;
  if (const auto set = cluster::set_timeouts(scratch, one); !set) {
    value->problem(set.error().message);
    return;
  }
  timeouts.*member = *duration;
}

void read_timeouts(const Value& value, cluster::Timeouts& timeouts) {
  const auto fields = value.fields(timeout_keys);
  if (!fields) return;
  read_timeout(*fields, "tcp", &cluster::Timeouts::tcp, timeouts);
  read_timeout(*fields, "tcp_fin", &cluster::Timeouts::tcp_fin, timeouts);
  read_timeout(*fields, "udp", &cluster::Timeouts::udp, timeouts);
}

}  // namespace

cluster::DirectorSettings read_director(const Value& section) {
  cluster::DirectorSettings settings;
  if (section.is_null()) return settings;
  const auto fields = section.fields(director_keys);
  if (!fields) return settings;
  if (const auto value = fields->get("interfaces")) settings.interfaces = read_interfaces(*value);
  if (const auto value = fields->get("hook")) settings.hook = choose(*value, hook_words).value_or(settings.hook);
  read_count(*fields, "connections", most_connections, settings.connections);
  read_count(*fields, "services", most_services, settings.services);
  read_count(*fields, "servers", most_servers, settings.servers);
  read_count(*fields, "mh_services", most_mh_services, settings.mh_services);
  if (const auto value = fields->get("timeouts")) read_timeouts(*value, settings.timeouts);
  if (const auto value = fields->get("behaviour")) settings.behaviour = read_behaviour(*value);
  return settings;
}

}  // namespace ballast::config
