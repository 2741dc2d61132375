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

bool has_mark(const Steered& steered, Family family) {
  return std::ranges::find(steered.marks, family, &cluster::MarkKey::family) != steered.marks.end();
}

Rule local_rule_of(Family family) { return {.family = family, .table = net::local_table, .incoming_interface = {}}; }

/// What comes from this machine's own sockets, and what is handed to them by lo, finds this machine's addresses.
Rule own_rule_of(Family family) { return {.family = family, .table = net::local_table, .incoming_interface = "lo"}; }

/// The rules of priority 0. EEXIST: some of them are somebody else's, among which ours cannot be replaced.
Result<std::vector<Rule>> first_rules(Family family) {
  auto all = net::rules(family);
  if (!all) return all;
  std::erase_if(*all, [](const Rule& rule) { return rule.priority != 0; });
  for (const Rule& rule : *all) {
    const bool ours =
        rule.table == mark_table || rule.incoming_interface == mark_device_peer || rule == own_rule_of(family);
    if (rule.other_conditions || (!ours && rule != local_rule_of(family))) {
      return fail(
          "fwmark services: there are routing rules of priority 0 beside the kernel's own (ip rule): give them "
          "another priority",
          EEXIST);
    }
  }
  return all;
}

/// Brings the rules of priority 0 to those for `steered`: the new ones are put behind the old ones, which then go, so
/// that there is no moment without any.
Result<void> replace_rules(Family family, const Steered& steered) {
  const auto present = first_rules(family);
  if (!present) return std::unexpected(present.error());
  const bool local = std::ranges::find(*present, local_rule_of(family)) != present->end();
  const auto wanted = rules_for(steered, family, local);
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

std::vector<Rule> rules_for(const Steered& steered, Family family, bool local_rule) {
  std::vector<Rule> rules;
  const bool any = has_mark(steered, family);
  for (const std::uint32_t table : {net::local_table, main_table}) {
    if (any) rules.push_back({.family = family, .table = table, .incoming_interface = mark_device_peer});
  }
  for (const auto& mark : steered.marks) {
    if (mark.family != family) continue;
    rules.push_back({.family = family, .table = mark_table, .mark = mark.mark, .incoming_interface = {}});
  }
  std::vector<Rule> for_addresses;
  for (const auto& [protocol, endpoint] : steered.catch_alls) {
    if (!any || endpoint.address.family() != family) continue;
    for_addresses.push_back({.family = family,
                             .table = mark_table,
                             .destination = endpoint.address,
                             .protocol = static_cast<std::uint8_t>(protocol),
                             .incoming_interface = {}});
  }
  if (!for_addresses.empty()) rules.push_back(own_rule_of(family));
  rules.insert(rules.end(), for_addresses.begin(), for_addresses.end());
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

Result<void> MarkDevice::route(const Steered& steered) const {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (has_mark(steered, family)) {
      auto routed = net::route_all_to(if_nametoindex(mark_device), family, mark_table);
      if (!routed) return routed;
    }
    if (auto replaced = replace_rules(family, steered); !replaced) return replaced;
  }
  return {};
}

Result<void> MarkDevice::apply(const Steered& steered) {
  if (applied_ == steered) return {};
  applied_.reset();
  if (steered.marks.empty()) {
    if (auto removed = remove_mark_device(directory_); !removed) return removed;
  } else {
    if (auto made = make_device(); !made) return made;
    if (auto routed = route(steered); !routed) return routed;
  }
  applied_ = steered;
  return {};
}

Result<void> MarkDevice::extend(const Steered& more) {
  Steered all = applied_.value_or(Steered{});
  all.marks.insert(more.marks.begin(), more.marks.end());
  all.catch_alls.insert(more.catch_alls.begin(), more.catch_alls.end());
  return apply(all);
}

Result<void> MarkDevice::reattach() { return applied_ && !applied_->marks.empty() ? make_device() : Result<void>{}; }

Result<void> remove_mark_device(const std::string& directory) {
  if (if_nametoindex(mark_device) == 0) return {};
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (auto replaced = replace_rules(family, {}); !replaced) return replaced;
  }
  detach_tc(mark_device, TcPoint::egress, directory);
  return net::remove_link(mark_device);
}

}  // namespace ballast::director
