// The next hop of every real server, kept fresh from netlink, so that the packet programs need not ask.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "director/packet_path.h"
#include "net/link.h"
#include "net/monitor.h"
#include "net/neighbour.h"

namespace ballast::director {

class NextHops {
 public:
  using Clock = std::chrono::steady_clock;

  explicit NextHops(PacketPath& path) : path_(path) {}

  /// Starts watching the kernel's tables.
  Result<void> open();

  /// Finds the ways to these real servers (indexes in the table) anew.
  void resolve(const std::vector<std::uint32_t>& servers);

  /// Takes in what the kernel reported since the last call, and once in ten seconds looks everything up again. Returns
  /// true where links or addresses changed.
  bool refresh(const std::vector<std::uint32_t>& servers, Clock::time_point now);

 private:
  /// The way to one address.
  struct Way {
    bool local = false;
    std::uint32_t interface_index = 0;  ///< 0: no way
    net::Address gateway;
    net::Address source;
    std::uint32_t mtu = 0;
    friend bool operator==(const Way&, const Way&) = default;
  };

  Way find_way(const net::Address& destination);
  void read_neighbours();
  /// The MTU of the route, or a lower one that a program learned on the same way.
  [[nodiscard]] __u16 mtu_of_way(std::uint32_t server, const Way& way);
  void write(std::uint32_t server, const Way& way);
  [[nodiscard]] bool takes_xdp(std::uint32_t interface_index) const;

  PacketPath& path_;
  std::optional<net::Monitor> monitor_;
  std::vector<net::Link> links_;
  std::map<std::pair<std::uint32_t, net::Address>, net::MacAddress> neighbours_;
  std::set<std::pair<std::uint32_t, net::Address>> kept_;
  std::map<std::uint32_t, Clock::time_point> learned_mtu_;  ///< since when, by server
  std::set<net::Address> told_;                             ///< destinations whose missing route was logged
  Clock::time_point last_full_;
};

}  // namespace ballast::director
