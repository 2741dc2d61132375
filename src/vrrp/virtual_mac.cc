#include "vrrp/virtual_mac.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/log.h"
#include "net/macvlan.h"
#include "net/sysctl.h"
#include "net/veth.h"

namespace ballast::vrrp {
namespace {

Result<void> set(std::string_view family, const std::string& interface, std::string_view name, std::string_view value) {
  return net::set_sysctl(fmt::format("net/{}/conf/{}/{}", family, interface, name), value);
}

}  // namespace

net::MacAddress virtual_mac(const cluster::VrrpInstance& instance) {
  if (instance.mac) return net::parse_mac(*instance.mac).value_or(net::MacAddress{});
  const std::uint8_t kind = instance.family == net::Family::ipv4 ? 1 : 2;
  return {0x00, 0x00, 0x5e, 0x00, kind, instance.router_id};
}

std::string virtual_mac_interface(const cluster::VrrpInstance& instance) {
  if (!instance.virtual_mac_interface.empty()) return instance.virtual_mac_interface;
  return fmt::format("vrrp{}.{}", instance.family == net::Family::ipv4 ? "" : "6", instance.router_id);
}

Result<void> make_virtual_mac_interface(const cluster::VrrpInstance& instance, std::uint32_t lower_index) {
  const std::string name = virtual_mac_interface(instance);
  // A device that an earlier daemon left may be on another interface, or have another MAC address.
  if (auto removed = net::remove_link(name); !removed) return removed;
  if (auto made = net::make_macvlan({.name = name, .lower_index = lower_index, .mac = virtual_mac(instance)}); !made) {
    return made;
  }
  struct Setting {
    std::string_view family;
    const std::string& interface;
    std::string_view name;
    std::string_view value;
  };
  const std::array<Setting, 7> settings = {{{"ipv4", name, "arp_ignore", "1"},
                                            {"ipv4", name, "accept_local", "1"},
                                            {"ipv4", name, "rp_filter", "0"},
                                            {"ipv4", instance.interface, "arp_ignore", "1"},
                                            {"ipv4", instance.interface, "arp_filter", "1"},
                                            {"ipv4", instance.interface, "arp_announce", "2"},
                                            {"ipv6", name, "addr_gen_mode", "1"}}};
  for (const Setting& setting : settings) {
    if (auto done = set(setting.family, setting.interface, setting.name, setting.value); !done) {
      log::warning("VRRP instance {}: {}", instance.name, done.error().message);
    }
  }
  return net::switch_on(name);
}

}  // namespace ballast::vrrp
