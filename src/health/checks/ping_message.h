// Echo requests and replies (RFC 792, RFC 4443).
#pragma once

#include <string>
#include <string_view>

#include "net/address.h"

namespace ballast::health {

/// The kernel fills in the identifier of a ping socket, and the checksum of ICMPv6.
std::string echo_request(net::Family family, std::uint16_t identifier, std::string_view payload);

/// Whether this is the reply to a request with such a payload. `has_ip_header`: as raw IPv4 sockets deliver it.
bool is_echo_reply(net::Family family, std::string_view packet, bool has_ip_header, std::string_view payload);

}  // namespace ballast::health
