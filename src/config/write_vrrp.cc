#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/health.h"
#include "config/scalars.h"
#include "config/vrrp.h"

namespace ballast::config {
namespace {

using cluster::VirtualAddress;
using cluster::VrrpInstance;
using Lines = std::vector<std::string>;

/// "{a: 1, b: 2}", or nothing where there is nothing in it.
class InlineMap {
 public:
  template <typename T>
  InlineMap& add(std::string_view key, const T& value) {
    parts_.push_back(fmt::format("{}: {}", key, value));
    return *this;
  }
  template <typename T>
  InlineMap& add_unless(bool leave_out, std::string_view key, const T& value) {
    return leave_out ? *this : add(key, value);
  }
  [[nodiscard]] bool empty() const { return parts_.empty(); }
  [[nodiscard]] std::string text() const { return fmt::format("{{{}}}", fmt::join(parts_, ", ")); }

 private:
  std::vector<std::string> parts_;
};

std::string duration(std::chrono::microseconds value) { return format_fine_duration(value); }

std::string prefix_text(const VirtualAddress& address) {
  return in_quotes(net::Prefix{.address = address.address, .length = address.prefix_length}.to_string());
}

std::string address_text(const VirtualAddress& address) {
  VirtualAddress plain;
  plain.address = address.address;
  plain.prefix_length = address.prefix_length;
  if (address == plain) return prefix_text(address);
  InlineMap map;
  map.add("address", prefix_text(address))
      .add_unless(address.interface.empty(), "interface", in_quotes(address.interface))
      .add_unless(address.label.empty(), "label", in_quotes(address.label))
      .add_unless(address.scope.empty(), "scope", address.scope);
  if (address.broadcast) map.add("broadcast", in_quotes(address.broadcast->to_string()));
  if (address.peer) map.add("peer", in_quotes(address.peer->to_string()));
  return map.add_unless(!address.home, "home", true)
      .add_unless(address.skip_duplicate_detection, "duplicate_detection", true)
      .add_unless(address.track, "track", false)
      .add_unless(!address.no_prefix_route, "no_prefix_route", true)
      .text();
}

std::string track_text(const cluster::Track& track) {
  InlineMap map;
  map.add(word_of(track.kind, track_words),
          track.kind == cluster::Track::Kind::director ? "alive" : in_quotes(track.name));
  if (track.weight) map.add("weight", *track.weight);
  return map.add_unless(!track.reverse, "reverse", true).text();
}

std::string notify_text(const cluster::VrrpNotify& notify) {
  InlineMap map;
  for (const auto& [name, member] : notify_texts)
    map.add_unless((notify.*member).empty(), name, in_quotes(notify.*member));
  return map.add_unless(!notify.mail, "mail", true)
      .add_unless(!notify.priority_changes, "priority_changes", true)
      .text();
}

std::string announce_text(const cluster::AnnouncePolicy& policy) {
  const cluster::AnnouncePolicy plain;
  InlineMap map;
  for (const auto& [name, member] : announce_counts)
    map.add_unless(policy.*member == plain.*member, name, policy.*member);
  for (const auto& key : announce_durations) {
    map.add_unless(policy.*key.member == plain.*key.member, key.name, duration(policy.*key.member));
  }
  return map.add_unless(policy.gap == plain.gap, "gap", duration(policy.gap))
      .add_unless(policy.neighbour_gap == plain.neighbour_gap, "neighbour_gap", duration(policy.neighbour_gap))
      .text();
}

std::string peer_text(const cluster::VrrpPeer& peer) {
  const std::string address = in_quotes(peer.address.to_string());
  if (peer.least_ttl == 0 && peer.greatest_ttl == 255) return address;
  return InlineMap()
      .add("address", address)
      .add("least_ttl", peer.least_ttl)
      .add("greatest_ttl", peer.greatest_ttl)
      .text();
}

std::string security_text(const cluster::VrrpSecurity& security) {
  InlineMap map;
  if (security.type == cluster::VrrpAuthentication::password) {
    return map.add("type", "password").add("password", in_quotes(security.password)).text();
  }
  Lines keys;
  for (const auto& key : security.keys) {
    keys.push_back(InlineMap().add("id", key.id).add("key", in_quotes(key.written)).text());
  }
  return map.add("type", "hmac")
      .add("keys", fmt::format("[{}]", fmt::join(keys, ", ")))
      .add("mode", word_of(security.mode, hmac_mode_words))
      .add_unless(security.anti_replay == cluster::AntiReplay::time, "anti_replay",
                  word_of(security.anti_replay, anti_replay_words))
      .add("window", duration(security.window))
      .text();
}

std::string virtual_mac_text(const VrrpInstance& instance) {
  InlineMap map;
  map.add_unless(instance.virtual_mac_interface.empty(), "interface", in_quotes(instance.virtual_mac_interface));
  if (instance.mac) map.add("mac", in_quotes(*instance.mac));
  map.add_unless(!instance.advertise_from_interface, "advertise_from_interface", true);
  return map.empty() ? "true" : map.text();
}

class Writer {
 public:
  Lines take() { return std::move(lines_); }

  void write(const VrrpInstance& instance) {
    const VrrpInstance plain;
    line(2, "{}:", key_text(instance.name));
    line(4, "interface: {}", in_quotes(instance.interface));
    line(4, "router_id: {}", instance.router_id);
    line(4, "version: {}", instance.version);
    line(4, "family: {}", word_of(instance.family, family_words));
    line(4, "priority: {}", instance.priority);
    for (const auto& key : instance_durations) {
      const bool said = key.name == "interval" || instance.*key.member != plain.*key.member;
      if (said) line(4, "{}: {}", key.name, duration(instance.*key.member));
    }
    if (instance.missed_advertisements != plain.missed_advertisements) {
      line(4, "missed_advertisements: {}", instance.missed_advertisements);
    }
    for (const auto& key : instance_flags) {
      if (instance.*key.member != plain.*key.member) line(4, "{}: {}", key.name, instance.*key.member);
    }
    write_sending(instance);
    if (instance.addresses.empty() && instance.excluded_addresses.empty()) line(4, "addresses: []");
    write_list(4, "addresses", instance.addresses, address_text);
    write_list(4, "excluded_addresses", instance.excluded_addresses, address_text);
    write_list(4, "routes", instance.routes, [](const auto& route) { return in_quotes(route.text); });
    write_list(4, "rules", instance.rules, [](const auto& rule) { return in_quotes(rule.text); });
    write_list(4, "track", instance.tracks, track_text);
    if (instance.notify != plain.notify) line(4, "notify: {}", notify_text(instance.notify));
    if (instance.announce != plain.announce) line(4, "announce: {}", announce_text(instance.announce));
  }

  void write(const cluster::VrrpSyncGroup& group) {
    line(4, "{}:", key_text(group.name));
    Lines names;
    for (const auto& name : group.instances) names.push_back(in_quotes(name));
    line(6, "instances: [{}]", fmt::join(names, ", "));
    write_list(6, "track", group.tracks, track_text);
    if (group.notify != cluster::VrrpNotify{}) line(6, "notify: {}", notify_text(group.notify));
    if (group.track_with_weights) line(6, "track_with_weights: true");
  }

  void write(const cluster::TrackScript& script) {
    InlineMap map;
    map.add("command", in_quotes(script.command))
        .add_unless(script.user.empty(), "user", in_quotes(script.user))
        .add("interval", duration(script.interval))
        .add_unless(script.timeout.count() == 0, "timeout", duration(script.timeout))
        .add("weight", script.weight)
        .add_unless(!script.reverse, "reverse", true)
        .add("rise", script.rise)
        .add("fall", script.fall)
        .add_unless(!script.initially_failed, "initially_failed", true);
    line(4, "{}: {}", key_text(script.name), map.text());
  }

  void write(const cluster::TrackFile& file) {
    InlineMap map;
    map.add("path", in_quotes(file.path)).add("weight", file.weight).add_unless(!file.reverse, "reverse", true);
    if (file.initial) map.add("initial", *file.initial);
    line(4, "{}: {}", key_text(file.name), map.add_unless(!file.overwrite, "overwrite", true).text());
  }

  void write(const cluster::TrackProcess& process) {
    Lines arguments;
    for (const auto& argument : process.arguments) arguments.push_back(in_quotes(argument));
    InlineMap map;
    map.add("process", in_quotes(process.process))
        .add_unless(arguments.empty(), "arguments", fmt::format("[{}]", fmt::join(arguments, ", ")))
        .add_unless(!process.whole_command, "whole_command", true)
        .add_unless(!process.arguments_may_go_on, "arguments_may_go_on", true)
        .add("weight", process.weight)
        .add_unless(!process.reverse, "reverse", true)
        .add("least", process.least)
        .add_unless(process.most == 0, "most", process.most)
        .add_unless(process.up_delay.count() == 0, "up_delay", duration(process.up_delay))
        .add_unless(process.down_delay.count() == 0, "down_delay", duration(process.down_delay));
    line(4, "{}: {}", key_text(process.name), map.text());
  }

  template <typename T>
  void write_section(std::string_view name, const std::vector<T>& all) {
    if (all.empty()) return;
    line(2, "{}:", name);
    for (const T& one : all) write(one);
  }

  void write_rest(const cluster::VrrpSettings& settings) {
    if (settings.fixed != cluster::StaticNetwork{}) {
      line(2, "static:");
      write_list(4, "addresses", settings.fixed.addresses, address_text);
      write_list(4, "routes", settings.fixed.routes, [](const auto& route) { return in_quotes(route.text); });
      write_list(4, "rules", settings.fixed.rules, [](const auto& rule) { return in_quotes(rule.text); });
    }
    if (!settings.alerts.empty()) line(2, "alerts: {}", alerts_text(settings.alerts));
    if (settings.notify_fifo.empty()) return;
    InlineMap map;
    map.add("path", in_quotes(settings.notify_fifo))
        .add_unless(settings.notify_fifo_command.empty(), "command", in_quotes(settings.notify_fifo_command));
    line(2, "notify_fifo: {}", map.text());
  }

 private:
  template <typename... Args>
  void line(std::size_t indent, fmt::format_string<Args...> format, Args&&... args) {
    lines_.push_back(std::string(indent, ' ') + fmt::format(format, std::forward<Args>(args)...));
  }

  template <typename T, typename Text>
  void write_list(std::size_t indent, std::string_view name, const std::vector<T>& list, Text&& text) {
    if (list.empty()) return;
    line(indent, "{}:", name);
    for (const T& item : list) line(indent + 2, "- {}", text(item));
  }

  void write_sending(const VrrpInstance& instance) {
    const VrrpInstance plain;
    if (instance.source) line(4, "source: {}", in_quotes(instance.source->to_string()));
    write_list(4, "peers", instance.peers, peer_text);
    if (instance.unicast_ttl != plain.unicast_ttl) line(4, "unicast_ttl: {}", instance.unicast_ttl);
    if (instance.multicast_group) line(4, "multicast_group: {}", in_quotes(instance.multicast_group->to_string()));
    if (instance.v3_checksum != plain.v3_checksum) {
      line(4, "checksum: {}", word_of(instance.v3_checksum, v3_checksum_words));
    }
    const auto type = instance.security.type;
    if (type == cluster::VrrpAuthentication::password || type == cluster::VrrpAuthentication::hmac) {
      line(4, "authentication: {}", security_text(instance.security));
    }
    if (instance.virtual_mac) line(4, "virtual_mac: {}", virtual_mac_text(instance));
  }

  Lines lines_;
};

}  // namespace

Lines vrrp_lines(const cluster::VrrpSettings& settings) {
  Writer writer;
  for (const auto& instance : settings.instances) writer.write(instance);
  writer.write_section("groups", settings.groups);
  writer.write_section("scripts", settings.scripts);
  writer.write_section("files", settings.files);
  writer.write_section("processes", settings.processes);
  writer.write_rest(settings);
  return writer.take();
}

}  // namespace ballast::config
