#include "explain/arrival.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <net/if.h>

#include <algorithm>

#include "director/attachment.h"
#include "director/mark_device.h"
#include "net/route.h"

namespace ballast::explain {
namespace {

std::string name_of(std::uint32_t index) {
  char name[IF_NAMESIZE] = {};
  return if_indextoname(index, name) != nullptr ? name : "";
}

Result<net::RouteLookup> route_for(std::string_view option, const net::Address& address) {
  auto route = net::route_to(address);
  if (!route || route->kind == net::RouteKind::forward || route->kind == net::RouteKind::local) return route;
  return fail(fmt::format("{} {}: no interface leads there (route: {}): say by --interface where the packet comes in",
                          option, address.to_string(), net::to_string(route->kind)),
              EINVAL);
}

Place at(std::string interface, std::uint32_t index) {
  Place place;
  place.interface = std::move(interface);
  place.arrival.interface_index = index;
  return place;
}

/// Where a packet comes in, or, from an address of this machine, goes out.
Result<Place> on_the_way(const Question& question) {
  if (!question.interface.empty()) {
    const std::uint32_t index = if_nametoindex(question.interface.c_str());
    if (index != 0) return at(question.interface, index);
    return fail(fmt::format("--interface {}: there is no such interface", question.interface), EINVAL);
  }
  auto route = route_for("--from", question.from.address);
  if (!route) return std::unexpected(route.error());
  const bool outgoing = route->kind == net::RouteKind::local;
  if (outgoing) route = route_for("--to", question.to.address);
  if (!route) return std::unexpected(route.error());
  const bool to_itself = route->kind == net::RouteKind::local;
  const std::uint32_t index = to_itself ? if_nametoindex("lo") : route->interface_index;
  Place place = at(name_of(index), index);
  place.outgoing = outgoing;
  if (outgoing) place.programs = {to_itself ? Program::outgoing : Program::leaving};
  return place;
}

/// What netfilter marks is routed to the device for marks, where there is one.
void follow_mark(Place& place) {
  const std::uint32_t device = if_nametoindex(director::mark_device);
  if (place.arrival.mark == 0 || device == 0) return;
  place.arrival.came_in_by = place.outgoing ? 0 : place.arrival.interface_index;
  place.arrival.interface_index = device;
  place.interface = director::mark_device;
  place.routed = !place.outgoing;
  place.outgoing = true;
  place.programs = {Program::outgoing};
}

}  // namespace

Result<Place> place_of(const Question& question, const std::string& directory) {
  auto place = on_the_way(question);
  if (!place) return place;
  place->arrival.mark = question.mark;
  follow_mark(*place);
  const director::AttachTarget target{place->interface, place->arrival.interface_index};
  const auto attached = director::attached_interfaces(directory);
  if (place->outgoing ? !director::is_at_egress(target, directory)
                      : std::ranges::find(attached, place->interface) == attached.end()) {
    return fail(fmt::format("no packet program is on {}, where this packet {}: the kernel gets what passes there "
                            "(programs are on: {}); say by --interface where it comes in",
                            place->interface, place->outgoing ? "goes out" : "comes in", fmt::join(attached, ", ")),
                EINVAL);
  }
  if (place->outgoing) return place;
  place->programs = {Program::tc};
  if (director::xdp_is_ours(target, directory)) {
    place->programs = {Program::xdp, Program::tc};
  }
  return place;
}

}  // namespace ballast::explain
