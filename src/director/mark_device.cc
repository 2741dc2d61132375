#include "director/mark_device.h"

#include <net/if.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "director/attachment.h"
#include "net/sysctl.h"
#include "net/veth.h"

namespace ballast::director {
namespace {

using net::Family;
using net::Rule;

constexpr std::uint32_t mark_table = 0xba11;  ///< the routing table that leads to the device
constexpr std::uint32_t main_table = 254;     ///< RT_TABLE_MAIN
constexpr net::MacAddress mark_mac{0x02, 0xba, 0x11, 0xa5, 0x70, 0x01};

Rule local_rule_of(Family family) { return {.family = family, .table = net::local_table, .incoming_interface = {}}; }

/// The rules of priority 0. EEXIST: some of them are somebody else's, among which ours cannot be replaced.
Result<std::vector<Rule>> first_rules(Family family) {
  auto all = net::rules(family);
  if (!all) return all;
  std::erase_if(*all, [](const Rule& rule) { return rule.priority != 0; });
  for (const Rule& rule : *all) {
    const bool ours = rule.table == mark_table || rule.incoming_interface == mark_device_peer;
    if (rule.other_conditions || (!ours && rule != local_rule_of(family))) {
      return fail(
          "fwmark services: there are routing rules of priority 0 beside the kernel's own (ip rule): give them "
          "another priority",
          EEXIST);
    }
  }
  return all;
}

/// Brings the rules of priority 0 to those for `marks`: the new ones are put behind the old ones, which then go, so
/// that there is no moment without any.
Result<void> replace_rules(Family family, const std::set<cluster::MarkKey>& marks) {
  const auto present = first_rules(family);
  if (!present) return std::unexpected(present.error());
  const bool local = std::ranges::find(*present, local_rule_of(family)) != present->end();
  const auto wanted = rules_for_marks(marks, family, local);
  if (*present == wanted) return {};
  for (const Rule& rule : wanted) {
    if (auto added = net::add_rule(rule); !added) return added;
  }
  for (const Rule& rule : *present) {
    if (auto deleted = net::delete_rule(rule); !deleted) return deleted;
  }
  return {};
}

/// The device has no address of its own, takes back what comes from addresses of this machine, and asks nobody whether
/// the way back to a source is by it.
void set_up_peer() {
  for (const char* name : {mark_device, mark_device_peer}) {
    (void)net::set_sysctl(fmt::format("net/ipv6/conf/{}/addr_gen_mode", name), "1");
  }
  for (const auto& [parameter, value] : {std::pair("rp_filter", "0"), std::pair("accept_local", "1")}) {
    const auto set = net::set_sysctl(fmt::format("net/ipv4/conf/{}/{}", mark_device_peer, parameter), value);
    if (!set) log::warning("{}", set.error().message);
  }
}

}  // namespace

std::vector<Rule> rules_for_marks(const std::set<cluster::MarkKey>& marks, Family family, bool local_rule) {
  std::vector<Rule> rules;
  const bool any = std::ranges::find(marks, family, &cluster::MarkKey::family) != marks.end();
  for (const std::uint32_t table : {net::local_table, main_table}) {
    if (any) rules.push_back({.family = family, .table = table, .incoming_interface = mark_device_peer});
  }
  for (const auto& mark : marks) {
    if (mark.family != family) continue;
    rules.push_back({.family = family, .table = mark_table, .mark = mark.mark, .incoming_interface = {}});
  }
  if (local_rule) rules.push_back(local_rule_of(family));
  return rules;
}

Result<void> MarkDevice::make_device() const {
  if (if_nametoindex(mark_device) == 0) {
    if (auto made = net::make_veth_pair({.name = mark_device, .peer = mark_device_peer, .mac = mark_mac}); !made) {
      return made;
    }
    set_up_peer();
  }
  for (const char* name : {mark_device, mark_device_peer}) {
    if (auto on = net::switch_on(name); !on) return on;
  }
  const std::uint32_t index = if_nametoindex(mark_device);
  return attach_tc({mark_device, index}, TcPoint::egress, path_.outgoing_program(), directory_);
}

Result<void> MarkDevice::route(const std::set<cluster::MarkKey>& marks) const {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (std::ranges::find(marks, family, &cluster::MarkKey::family) != marks.end()) {
      auto routed = net::route_all_to(if_nametoindex(mark_device), family, mark_table);
      if (!routed) return routed;
    }
    if (auto replaced = replace_rules(family, marks); !replaced) return replaced;
  }
  return {};
}

Result<void> MarkDevice::apply(const std::set<cluster::MarkKey>& marks) {
  if (applied_ == marks) return {};
  applied_.reset();
  if (marks.empty()) {
    if (auto removed = remove_mark_device(directory_); !removed) return removed;
  } else {
    if (auto made = make_device(); !made) return made;
    if (auto routed = route(marks); !routed) return routed;
  }
  applied_ = marks;
  return {};
}

Result<void> remove_mark_device(const std::string& directory) {
  if (if_nametoindex(mark_device) == 0) return {};
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (auto replaced = replace_rules(family, {}); !replaced) return replaced;
  }
  detach_tc(mark_device, TcPoint::egress, directory);
  return net::remove_link(mark_device);
}

}  // namespace ballast::director
