#include "explain/arrival.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <net/if.h>

#include <algorithm>

#include "director/attachment.h"
#include "net/route.h"

namespace ballast::explain {
namespace {

std::string name_of(std::uint32_t index) {
  char name[IF_NAMESIZE] = {};
  return if_indextoname(index, name) != nullptr ? name : "";
}

Result<Place> routed_place(const Question& question) {
  const auto back = net::route_to(question.from.address);
  if (!back) return std::unexpected(back.error());
  Place place;
  place.local = back->kind == net::RouteKind::local;
  auto route = *back;
  if (place.local) {
    const auto on = net::route_to(question.to.address);
    if (!on) return std::unexpected(on.error());
    route = *on;
  }
  if (route.kind != net::RouteKind::forward) {
    return fail(fmt::format("{} {}: no interface leads there (route: {}): say by --interface where the packet comes in",
                            place.local ? "--to" : "--from",
                            place.local ? question.to.address.to_string() : question.from.address.to_string(),
                            net::to_string(route.kind)),
                EINVAL);
  }
  place.arrival.interface_index = route.interface_index;
  place.interface = name_of(route.interface_index);
  return place;
}

}  // namespace

Result<Place> place_of(const Question& question, const std::string& directory) {
  Place place;
  if (question.interface.empty()) {
    auto routed = routed_place(question);
    if (!routed) return routed;
    place = std::move(*routed);
  } else {
    place.interface = question.interface;
    place.arrival.interface_index = if_nametoindex(question.interface.c_str());
    if (place.arrival.interface_index == 0) {
      return fail(fmt::format("--interface {}: there is no such interface", question.interface), EINVAL);
    }
  }
  place.arrival.mark = question.mark;
  const auto attached = director::attached_interfaces(directory);
  if (std::ranges::find(attached, place.interface) == attached.end()) {
    return fail(fmt::format("no packet program is on {}, where this packet comes in: the kernel gets what comes there "
                            "(programs are on: {}); say by --interface where it comes in, or add it to "
                            "director.interfaces",
                            place.interface, fmt::join(attached, ", ")),
                EINVAL);
  }
  if (place.local) {
    place.hooks = {abi::CAPTURE_TC_EGRESS};
  } else if (director::xdp_is_ours({place.interface, place.arrival.interface_index}, directory)) {
    place.hooks = {abi::CAPTURE_XDP, abi::CAPTURE_TC_INGRESS};
  } else {
    place.hooks = {abi::CAPTURE_TC_INGRESS};
  }
  return place;
}

}  // namespace ballast::explain
