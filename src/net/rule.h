// Rules of the kernel's policy routing: which routing table is asked for which packets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/address.h"
#include "net/netlink_message.h"

namespace ballast::net {

constexpr std::uint32_t local_table = 255;  ///< RT_TABLE_LOCAL

/// A rule that has a table looked up; what it does not name does not matter to it.
struct Rule {
  Family family = Family::ipv4;
  std::uint32_t priority = 0;  ///< rules are asked from 0 upwards; of equals the one that was added first
  std::uint32_t table = 0;
  std::uint32_t mark = 0;                             ///< firewall mark; 0: any
  std::optional<Address> destination = std::nullopt;  ///< this address alone
  std::uint8_t protocol = 0;                          ///< IP protocol; 0: any
  std::string incoming_interface;                     ///< "lo": what sockets of this machine send; empty: any
  bool other_conditions = false;  ///< it has conditions that are not told here; never so in a rule that is added
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// The rules in a sequence of netlink messages; those that do not look up a table, and other messages, are passed over.
std::vector<Rule> parse_rules(Bytes messages);

/// The rules of a family, in the order in which they are asked.
Result<std::vector<Rule>> rules(Family family);

/// Adds a rule behind all of its priority, even where there is one like it.
Result<void> add_rule(const Rule& rule);

/// Removes the first rule like this one. Error ENOENT where there is none.
Result<void> delete_rule(const Rule& rule);

}  // namespace ballast::net
