#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "config/edit_distance.h"
#include "config/health.h"
#include "config/scalars.h"
#include "config/vrrp.h"
#include "config/vrrp_parts.h"

namespace ballast::config {
namespace {

using cluster::VrrpInstance;
using cluster::VrrpSettings;

constexpr std::array group_keys = {Key{"instances"}, Key{"track"}, Key{"notify"}, Key{"track_with_weights"}};
constexpr std::array script_keys = {Key{"command"}, Key{"user"}, Key{"interval"}, Key{"timeout"},         Key{"weight"},
                                    Key{"reverse"}, Key{"rise"}, Key{"fall"},     Key{"initially_failed"}};
constexpr std::array file_keys = {Key{"path"}, Key{"weight"}, Key{"reverse"}, Key{"initial"}, Key{"overwrite"}};
constexpr std::array process_keys = {
    Key{"process"}, Key{"arguments"}, Key{"whole_command"}, Key{"arguments_may_go_on"}, Key{"weight"}, Key{"reverse"},
    Key{"least"},   Key{"most"},      Key{"up_delay"},      Key{"down_delay"}};
constexpr std::array static_keys = {Key{"addresses"}, Key{"routes"}, Key{"rules"}};
constexpr std::array fifo_keys = {Key{"path"}, Key{"command"}};

constexpr std::chrono::milliseconds least_interval{10};
constexpr std::uint64_t most_in_a_row = 1000;
constexpr std::uint64_t most_processes = 65535;

/// Reads every entry of a map of names into a list.
template <typename T>
void read_named(const Value& map, std::vector<T>& list, T (*read)(const std::string& name, const Value& value)) {
  for (const auto& [name, value] : map.titled().value_or(std::vector<std::pair<std::string, Value>>{})) {
    list.push_back(read(name, value));
  }
}

cluster::VrrpSyncGroup read_group(const std::string& name, const Value& value) {
  cluster::VrrpSyncGroup group{.name = name, .instances = {}, .tracks = {}, .notify = {}};
  const auto fields = value.fields(group_keys);
  if (!fields) return group;
  if (const auto list = need(*fields, "instances")) group.instances = read_texts(*list);
  if (const auto list = fields->get("track")) group.tracks = read_tracks(*list);
  if (const auto map = fields->get("notify")) group.notify = read_notify(*map);
  read_flag(*fields, "track_with_weights", group.track_with_weights);
  return group;
}

cluster::TrackScript read_script(const std::string& name, const Value& value) {
  cluster::TrackScript script{.name = name, .command = {}, .user = {}};
  const auto fields = value.fields(script_keys);
  if (!fields) return script;
  if (const auto text = need(*fields, "command")) script.command = text->text().value_or("");
  read_text(*fields, "user", script.user);
  read_duration(*fields, "interval", least_interval, script.interval);
  read_duration(*fields, "timeout", least_interval, script.timeout);
  read_weight(*fields, script.weight);
  read_flag(*fields, "reverse", script.reverse);
  read_number(*fields, "rise", 1, most_in_a_row, script.rise);
  read_number(*fields, "fall", 1, most_in_a_row, script.fall);
  read_flag(*fields, "initially_failed", script.initially_failed);
  return script;
}

cluster::TrackFile read_file(const std::string& name, const Value& value) {
  cluster::TrackFile file{.name = name, .path = {}, .initial = {}};
  const auto fields = value.fields(file_keys);
  if (!fields) return file;
  if (const auto text = need(*fields, "path")) file.path = text->text().value_or("");
  read_weight(*fields, file.weight);
  read_flag(*fields, "reverse", file.reverse);
  if (const auto number = fields->get("initial")) file.initial = read_signed(*number, -254, 254);
  read_flag(*fields, "overwrite", file.overwrite);
  return file;
}

cluster::TrackProcess read_process(const std::string& name, const Value& value) {
  cluster::TrackProcess process{.name = name, .process = {}, .arguments = {}};
  const auto fields = value.fields(process_keys);
  if (!fields) return process;
  if (const auto text = need(*fields, "process")) process.process = text->text().value_or("");
  if (const auto list = fields->get("arguments")) process.arguments = read_texts(*list);
  read_flag(*fields, "whole_command", process.whole_command);
  read_flag(*fields, "arguments_may_go_on", process.arguments_may_go_on);
  read_weight(*fields, process.weight);
  read_flag(*fields, "reverse", process.reverse);
  read_number(*fields, "least", 0, most_processes, process.least);
  read_number(*fields, "most", 0, most_processes, process.most);
  read_duration(*fields, "up_delay", std::chrono::milliseconds{0}, process.up_delay);
  read_duration(*fields, "down_delay", std::chrono::milliseconds{0}, process.down_delay);
  return process;
}

cluster::StaticNetwork read_static(const Value& value) {
  cluster::StaticNetwork fixed;
  const auto fields = value.fields(static_keys);
  if (!fields) return fixed;
  if (const auto list = fields->get("addresses")) {
    fixed.addresses = read_addresses(*list);
    const auto without = std::ranges::find(fixed.addresses, std::string{}, &cluster::VirtualAddress::interface);
    if (without != fixed.addresses.end()) {
      list->problem(
          fmt::format("{} has no interface; write {{address: ..., interface: ...}}", without->address.to_string()));
    }
  }
  if (const auto list = fields->get("routes")) fixed.routes = read_routes(*list, net::Family::ipv4);
  if (const auto list = fields->get("rules")) fixed.rules = read_rules(*list, net::Family::ipv4);
  return fixed;
}

void read_fifo(const Value& value, VrrpSettings& settings) {
  if (!value.is_map()) {
    settings.notify_fifo = value.text().value_or("");
    return;
  }
  const auto fields = value.fields(fifo_keys);
  if (!fields) return;
  if (const auto path = need(*fields, "path")) settings.notify_fifo = path->text().value_or("");
  read_text(*fields, "command", settings.notify_fifo_command);
}

void read_word(const std::string& word, const Value& value, VrrpSettings& settings) {
  if (word == "groups") read_named(value, settings.groups, read_group);
  if (word == "scripts") read_named(value, settings.scripts, read_script);
  if (word == "files") read_named(value, settings.files, read_file);
  if (word == "processes") read_named(value, settings.processes, read_process);
  if (word == "static") settings.fixed = read_static(value);
  if (word == "notify_fifo") read_fifo(value, settings);
  if (word == "alerts") settings.alerts = read_alerts(value);
}

template <typename T>
bool has_name(const std::vector<T>& list, const std::string& name) {
  return std::ranges::find(list, name, &T::name) != list.end();
}

bool is_known(const cluster::Track& track, const VrrpSettings& settings) {
  if (track.kind == cluster::Track::Kind::script) return has_name(settings.scripts, track.name);
  if (track.kind == cluster::Track::Kind::file) return has_name(settings.files, track.name);
  if (track.kind == cluster::Track::Kind::process) return has_name(settings.processes, track.name);
  return true;
}

void check_tracks(const Value& where, const std::vector<cluster::Track>& tracks, const VrrpSettings& settings) {
  for (const auto& track : tracks) {
    if (is_known(track, settings)) continue;
    const auto kind = word_of(track.kind, track_words);
    where.problem(fmt::format("tracks the {} {}, which vrrp.{} does not have", kind, quoted(track.name),
                              kind == "process" ? "processes" : fmt::format("{}s", kind)));
  }
}

void check_instances(const std::vector<Value>& places, const VrrpSettings& settings) {
  std::map<std::string, std::string_view> owners;
  for (std::size_t i = 0; i < settings.instances.size(); ++i) {
    const VrrpInstance& instance = settings.instances[i];
    const auto key = [](const VrrpInstance& of) { return std::tuple(of.interface, of.family, of.router_id); };
    const auto twin = std::ranges::find(settings.instances, key(instance), key);
    if (twin != settings.instances.begin() + static_cast<std::ptrdiff_t>(i)) {
      places[i].problem(fmt::format("has the interface, family and router_id of {}", twin->name));
    }
    for (const auto& address : addresses_on_interfaces(instance)) {
      const auto [owner, is_new] = owners.emplace(address, instance.name);
      if (!is_new) places[i].problem(fmt::format("has {}, as {} has", address, owner->second));
    }
    check_tracks(places[i], instance.tracks, settings);
  }
}

void check_groups(const Value& where, const VrrpSettings& settings) {
  for (std::size_t i = 0; i < settings.groups.size(); ++i) {
    const auto& group = settings.groups[i];
    check_tracks(where, group.tracks, settings);
    for (const auto& member : group.instances) {
      if (!has_name(settings.instances, member)) {
        where.problem(fmt::format("group {} names the instance {}, which is not there", group.name, quoted(member)));
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (std::ranges::find(settings.groups[j].instances, member) != settings.groups[j].instances.end()) {
          where.problem(
              fmt::format("instance {} is in two groups, {} and {}", member, settings.groups[j].name, group.name));
        }
      }
    }
  }
}

}  // namespace

cluster::VrrpSettings read_vrrp(const Value& section) {
  VrrpSettings settings;
  std::vector<Value> places;
  for (const auto& [name, value] : section.titled().value_or(std::vector<std::pair<std::string, Value>>{})) {
    if (std::ranges::find(vrrp_words, name) != vrrp_words.end()) {
      read_word(name, value, settings);
    } else if (auto instance = read_instance(name, value)) {
      settings.instances.push_back(std::move(*instance));
      places.push_back(value);
    }
  }
  if (!section.problems().empty()) return settings;
  check_instances(places, settings);
  check_groups(section, settings);
  return settings;
}

void check_tracked_services(const Value& section, const cluster::Cluster& cluster) {
  std::vector<std::string_view> names;
  for (const auto& service : cluster.services) names.emplace_back(service.name);
  const auto check = [&](const std::string& owner, const std::vector<cluster::Track>& tracks) {
    for (const auto& track : tracks) {
      if (track.kind != cluster::Track::Kind::check || std::ranges::find(names, track.name) != names.end()) continue;
      const auto meant = nearest(track.name, names);
      section.problem(fmt::format("{} tracks the checks of the service {}, which is not there{}", owner,
                                  quoted(track.name), meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
    }
  };
  for (const auto& instance : cluster.vrrp.instances) check(instance.name, instance.tracks);
  for (const auto& group : cluster.vrrp.groups) check(fmt::format("group {}", group.name), group.tracks);
}

}  // namespace ballast::config
