#include "net/route.h"

#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "net/netlink.h"

namespace ballast::net {
namespace {

RouteKind kind_of_type(std::uint8_t type) {
  switch (type) {
    case RTN_UNICAST:
      return RouteKind::forward;
    case RTN_LOCAL:
    case RTN_ANYCAST:
      return RouteKind::local;
    case RTN_BROADCAST:
      return RouteKind::broadcast;
    case RTN_MULTICAST:
      return RouteKind::multicast;
    case RTN_BLACKHOLE:
      return RouteKind::blackhole;
    case RTN_UNREACHABLE:
      return RouteKind::unreachable;
    case RTN_PROHIBIT:
      return RouteKind::prohibited;
    default:
      return RouteKind::none;
  }
}

/// struct rtvia: an address family (host byte order) and an address.
std::optional<Address> read_via(Bytes payload) {
  const auto family = read_value<std::uint16_t>(payload);
  if (!family || (*family != AF_INET && *family != AF_INET6)) return std::nullopt;
  return read_address(payload.subspan(sizeof *family));
}

void set_gateway(RouteLookup& route, const std::optional<Address>& gateway) {
  if (!gateway) return;
  route.next_hop = *gateway;
  route.on_link = false;
}

void read_attribute(const NetlinkAttribute& attribute, RouteLookup& route) {
  switch (attribute.type) {
    case RTA_OIF:
      route.interface_index = read_value<std::uint32_t>(attribute.payload).value_or(0);
      break;
    case RTA_GATEWAY:
      set_gateway(route, read_address(attribute.payload));
      break;
    case RTA_VIA:
      set_gateway(route, read_via(attribute.payload));
      break;
    case RTA_PREFSRC:
      route.preferred_source = read_address(attribute.payload);
      break;
    case RTA_METRICS:
      if (const auto mtu = find_attribute(attribute.payload, RTAX_MTU)) {
        route.mtu = read_value<std::uint32_t>(*mtu).value_or(0);
      }
      break;
    default:
      break;
  }
}

NetlinkRequest lookup_request(const Address& destination, const RouteOptions& options) {
  rtmsg header{};
  header.rtm_family = address_family(destination);
  header.rtm_dst_len = destination.is_ipv4() ? 32 : 128;
  NetlinkRequest request(RTM_GETROUTE);
  request.header(header).attribute(RTA_DST, destination);
  if (options.mark != 0) request.attribute(RTA_MARK, options.mark);
  if (options.interface_index != 0) request.attribute(RTA_OIF, options.interface_index);
  return request;
}

}  // namespace

std::string_view to_string(RouteKind kind) {
  switch (kind) {
    case RouteKind::forward:
      return "forward";
    case RouteKind::local:
      return "local";
    case RouteKind::broadcast:
      return "broadcast";
    case RouteKind::multicast:
      return "multicast";
    case RouteKind::blackhole:
      return "blackhole";
    case RouteKind::unreachable:
      return "unreachable";
    case RouteKind::prohibited:
      return "prohibited";
    case RouteKind::none:
      break;
  }
  return "none";
}

std::optional<RouteLookup> parse_route(Bytes messages, const Address& destination) {
  while (const auto message = take_message(messages)) {
    if (message->type != RTM_NEWROUTE) continue;
    Bytes rest = message->payload;
    const auto header = take_header<rtmsg>(rest);
    if (!header) return std::nullopt;
    RouteLookup route;
    route.kind = kind_of_type(header->rtm_type);
    route.next_hop = destination;
    route.on_link = true;
    while (const auto attribute = take_attribute(rest)) read_attribute(*attribute, route);
    return route;
  }
  return std::nullopt;
}

std::optional<RouteKind> route_kind_of_refusal(int code) {
  switch (code) {
    case EINVAL:
      return RouteKind::blackhole;
    case EHOSTUNREACH:
      return RouteKind::unreachable;
    case EACCES:
      return RouteKind::prohibited;
    case ENETUNREACH:
    case EAGAIN:
      return RouteKind::none;
    default:
      return std::nullopt;
  }
}

Result<RouteLookup> route_to(const Address& destination, const RouteOptions& options) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  const auto reply = socket->request(lookup_request(destination, options));
  if (!reply) {
    const auto& error = reply.error();
    if (const auto kind = route_kind_of_refusal(error.code)) {
      return RouteLookup{.kind = *kind, .next_hop = destination, .preferred_source = {}};
    }
    return fail(fmt::format("cannot look up the route to {}: {}", destination.to_string(), error.message), error.code);
  }
  const auto route = parse_route(*reply, destination);
  if (!route) return fail(fmt::format("the kernel gave no route to {} and no error", destination.to_string()), EBADMSG);
  return *route;
}

}  // namespace ballast::net
