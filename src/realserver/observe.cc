#include "realserver/observe.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "net/interface_address.h"
#include "net/link.h"
#include "net/sysctl.h"
#include "realserver/programs.h"
#include "realserver/tc.h"

namespace ballast::realserver {
namespace {

Result<int> number(const std::string& interface, const char* parameter) {
  const auto text = net::read_sysctl("net/ipv4/conf/" + interface + "/" + parameter);
  if (!text) return std::unexpected(text.error());
  int value = 0;
  if (std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{}) {
    return fail("net/ipv4/conf/" + interface + "/" + parameter + " is no number: " + *text, EINVAL);
  }
  return value;
}

Result<Ipv4Parameters> parameters_of(const std::string& interface) {
  const auto ignore = number(interface, "arp_ignore");
  if (!ignore) return std::unexpected(ignore.error());
  const auto announce = number(interface, "arp_announce");
  if (!announce) return std::unexpected(announce.error());
  const auto filter = number(interface, "rp_filter");
  if (!filter) return std::unexpected(filter.error());
  return Ipv4Parameters{*ignore, *announce, *filter};
}

Result<void> read_places(InterfaceState& state) {
  if (state.hook == Hook::none) return {};
  for (const auto direction : {Direction::ingress, Direction::egress}) {
    auto found = place(state.id, direction);
    if (!found) return std::unexpected(found.error());
    const auto all = filters(state.id.index, direction);
    if (!all) return std::unexpected(all.error());
    const int ours = found->program_id != 0 && !found->foreign ? 1 : 0;
    state.other_filters += static_cast<int>(all->size()) - ours;
    (direction == Direction::ingress ? state.ingress : state.egress) = *found;
  }
  return {};
}

Result<InterfaceState> state_of(const net::Link& link) {
  InterfaceState state;
  state.id = {link.index, link.name};
  state.up = link.up;
  state.loopback = link.loopback;
  state.ethernet = link.has_ethernet_header;
  const auto parameters = parameters_of(link.name);
  if (!parameters) return std::unexpected(parameters.error());
  state.parameters = *parameters;
  return state;
}

Result<void> read_interfaces(Observed& observed) {
  const auto links = net::links();
  if (!links) return std::unexpected(links.error());
  const auto addresses = net::interface_addresses();
  if (!addresses) return std::unexpected(addresses.error());
  const auto routes4 = default_route_interfaces(net::Family::ipv4);
  if (!routes4) return std::unexpected(routes4.error());
  const auto routes6 = default_route_interfaces(net::Family::ipv6);
  if (!routes6) return std::unexpected(routes6.error());
  auto hook = hooks();
  if (!hook) return std::unexpected(hook.error());

  for (const auto& link : *links) {
    auto state = state_of(link);
    if (!state) return std::unexpected(state.error());
    state->default_route_ipv4 = std::ranges::find(*routes4, link.index) != routes4->end();
    state->default_route_ipv6 = std::ranges::find(*routes6, link.index) != routes6->end();
    for (const auto& address : *addresses) {
      if (address.interface_index == link.index) state->addresses.push_back(address.prefix);
    }
    if (const auto found = hook->find(link.index); found != hook->end()) state->hook = found->second;
    if (auto done = read_places(*state); !done) return done;
    observed.interfaces.push_back(std::move(*state));
  }
  return {};
}

bool ipv6_off(const char* parameter) {
  const auto value = net::read_sysctl(parameter);
  return !value || *value != "0";
}

}  // namespace

const InterfaceState* find_interface(const Observed& observed, const std::string& name) {
  const auto found =
      std::ranges::find_if(observed.interfaces, [&](const InterfaceState& state) { return state.id.name == name; });
  return found == observed.interfaces.end() ? nullptr : &*found;
}

const InterfaceState* find_loopback(const Observed& observed) {
  const auto found = std::ranges::find_if(observed.interfaces, &InterfaceState::loopback);
  return found == observed.interfaces.end() ? nullptr : &*found;
}

std::uint32_t attached_program(const Observed& observed) {
  for (const auto direction : {Direction::ingress, Direction::egress}) {
    for (const auto& interface : observed.interfaces) {
      const Place& place = direction == Direction::ingress ? interface.ingress : interface.egress;
      if (place.program_id != 0 && !place.foreign) return place.program_id;
    }
  }
  return 0;
}

Result<Observed> observe(const Record& record) {
  Observed observed;
  observed.done = record.done;
  const auto all = parameters_of("all");
  if (!all) return std::unexpected(all.error());
  observed.all = *all;
  observed.ipv6_off_on_lo = ipv6_off("net.ipv6.conf.lo.disable_ipv6");
  if (auto done = read_interfaces(observed); !done) return std::unexpected(done.error());

  const std::uint32_t program = attached_program(observed);
  observed.programs_current = program == 0 || record.program_version == program_version();
  if (program != 0 && ::geteuid() == 0) {
    const auto maps = Maps::of_program(program);
    if (!maps) return std::unexpected(maps.error());
    auto settings = maps->read();
    if (!settings) return std::unexpected(settings.error());
    observed.settings = std::move(*settings);
  }
  return observed;
}

}  // namespace ballast::realserver
