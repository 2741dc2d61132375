// Addresses, routes and rules as keepalived.conf writes them: those of `ip`, with words of its own.
#pragma once

#include "cluster/vrrp.h"
#include "config/keepalived/values.h"

namespace ballast::config::keepalived {

/// Each reads a line of a block; nullopt where it is wrong, which is reported.
std::optional<cluster::VirtualAddress> read_address_line(const Node& line, Context& context);
std::optional<cluster::VirtualRoute> read_route_line(const Node& line, Context& context);
std::optional<cluster::VirtualRule> read_rule_line(const Node& line, Context& context);

}  // namespace ballast::config::keepalived
