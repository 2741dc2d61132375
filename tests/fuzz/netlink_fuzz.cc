// Every reader of netlink messages, on any bytes.
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/interface_address.h"
#include "net/interface_features.h"
#include "net/link.h"
#include "net/monitor.h"
#include "net/netlink_message.h"
#include "net/route.h"
#include "net/rule.h"

using namespace ballast::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = std::as_bytes(std::span(data, size));
  parse_links(bytes);
  parse_route(bytes, Address::ipv4(0x0a000001));
  parse_interface_addresses(bytes);
  parse_rules(bytes);
  parse_neighbours(bytes);
  parse_neighbour(bytes);
  parse_family_id(bytes);
  parse_xdp_features(bytes, 1);
  Changes changes;
  add_changes(bytes, changes);
  Bytes rest = bytes;
  while (const auto message = take_message(rest)) parse_ack(*message);
  return 0;
}
