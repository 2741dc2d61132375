#include <algorithm>
#include <array>

#include "config/keepalived/lvs.h"

namespace ballast::config::keepalived {
namespace {

using cluster::HealthCheck;
using cluster::Tunnel;

constexpr std::array<std::string_view, 7> timing_names = {
    "delay_loop", "connect_timeout", "delay_before_retry", "warmup", "retry", "alpha", "log_all_failures"};
constexpr std::array<std::string_view, 6> connection_names = {"connect_ip", "connect_port", "bindto",
                                                              "bind_port",  "bind_if",      "fwmark"};

/// The words behind TUN.
bool read_tunnel(Tunnel& tunnel, const Node& node, Context& context) {
  for (std::size_t i = 2; i < node.size(); ++i) {
    const std::string_view word = node.word(i);
    if (word == "type") continue;
    if (word == "ipip") {
      tunnel.type = cluster::TunnelType::ipip;
    } else if (word == "gre") {
      tunnel.type = cluster::TunnelType::gre;
    } else if (word == "gue") {
      tunnel.type = cluster::TunnelType::gue;
    } else if (word == "port") {
      const auto port = port_of(node, context, ++i);
      if (!port) return false;
      tunnel.port = *port;
    } else if (word == "nocsum") {
      tunnel.checksum = cluster::TunnelChecksum::none;
    } else if (word == "csum") {
      tunnel.checksum = cluster::TunnelChecksum::full;
    } else if (word == "remcsum") {
      tunnel.checksum = cluster::TunnelChecksum::remote;
    } else {
      context.report.error(node.at, fmt::format("{} is not understood behind TUN", quoted(word)));
      return false;
    }
  }
  return true;
}

/// Binds to an address or a port, keeping the other.
void bind_end(HealthCheck& check, std::optional<net::Address> address, std::uint16_t port) {
  net::Endpoint end = check.bind_to.value_or(net::Endpoint{});
  if (address) end.address = *address;
  if (port != 0) end.port = port;
  check.bind_to = end;
}

}  // namespace

void Timing::inherit(const Timing& above) {
  const auto take = [](auto& mine, const auto& theirs) {
    if (!mine) mine = theirs;
  };
  take(delay_loop, above.delay_loop);
  take(connect_timeout, above.connect_timeout);
  take(delay_before_retry, above.delay_before_retry);
  take(warmup, above.warmup);
  take(retry, above.retry);
  take(alpha, above.alpha);
  take(log_all_failures, above.log_all_failures);
}

bool read_timing(Timing& timing, const Node& node, Context& context) {
  constexpr std::int64_t most_retries = 1000;
  const std::string& keyword = node.keyword();
  if (keyword == "delay_loop") {
    timing.delay_loop = milliseconds_of(node, context);
  } else if (keyword == "connect_timeout") {
    timing.connect_timeout = milliseconds_of(node, context);
  } else if (keyword == "delay_before_retry") {
    timing.delay_before_retry = milliseconds_of(node, context);
  } else if (keyword == "warmup") {
    timing.warmup = milliseconds_of(node, context);
  } else if (keyword == "retry" || keyword == "nb_get_retry") {
    const auto retries = number_of(node, context, 0, most_retries);
    if (retries) timing.retry = static_cast<std::uint32_t>(*retries);
  } else if (keyword == "alpha") {
    timing.alpha = boolean_of(node, context);
  } else if (keyword == "log_all_failures") {
    timing.log_all_failures = boolean_of(node, context);
  } else {
    return false;
  }
  return true;
}

std::span<const std::string_view> timing_keywords() { return timing_names; }

std::optional<Forwarding> read_forwarding(const Node& node, Context& context) {
  const auto method = text_of(node, context);
  if (!method) return std::nullopt;
  Forwarding forwarding;
  if (*method == "NAT") return forwarding;
  if (*method == "DR") {
    forwarding.method = cluster::ForwardingMethod::route;
    return forwarding;
  }
  if (*method == "TUN") {
    forwarding.method = cluster::ForwardingMethod::tunnel;
    return read_tunnel(forwarding.tunnel, node, context) ? std::optional(forwarding) : std::nullopt;
  }
  context.report.error(node.at, fmt::format("{} is NAT, DR or TUN, not {}", node.keyword(), quoted(*method)));
  return std::nullopt;
}

bool read_connection(HealthCheck& check, const Node& node, Context& context) {
  constexpr std::int64_t most_mark = 0xffffffff;
  const std::string& keyword = node.keyword();
  if (keyword == "connect_ip") {
    check.address = address_of(node, context);
  } else if (keyword == "connect_port") {
    check.port = port_of(node, context, 1).value_or(0);
  } else if (keyword == "bindto") {
    bind_end(check, address_of(node, context), 0);
  } else if (keyword == "bind_port") {
    bind_end(check, std::nullopt, port_of(node, context, 1).value_or(0));
  } else if (keyword == "bind_if") {
    check.bind_interface = interface_of(node, context).value_or("");
  } else if (keyword == "fwmark") {
    check.mark = static_cast<std::uint32_t>(number_of(node, context, 0, most_mark).value_or(0));
  } else {
    return false;
  }
  return true;
}

std::span<const std::string_view> connection_keywords() { return connection_names; }

}  // namespace ballast::config::keepalived
