// The model: what the operator wants, as pure values. Every configuration format is read into a Cluster, every command
// and API call makes a new Cluster, and every plane is handed one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/health_check.h"
#include "cluster/sync.h"
#include "cluster/vrrp.h"
#include "net/address.h"

namespace ballast::cluster {

/// IP protocol numbers of virtual services.
enum class Protocol : std::uint8_t { tcp = 6, udp = 17, sctp = 132 };

/// How a packet gets to its real server. LVS's names: NAT (masquerading), DR (gatewaying), TUN (ipip). Values are those
/// of IP_VS_CONN_F_* in linux/ip_vs.h.
enum class ForwardingMethod : std::uint8_t { nat = 0, tunnel = 2, route = 3 };

enum class TunnelType : std::uint8_t { ipip = 0, gue = 1, gre = 2 };
enum class TunnelChecksum : std::uint8_t { none = 0, full = 1, remote = 2 };

/// How packets are wrapped for a real server with ForwardingMethod::tunnel.
struct Tunnel {
  TunnelType type = TunnelType::ipip;
  std::uint16_t port = 0;  ///< UDP destination port, GUE only
  TunnelChecksum checksum = TunnelChecksum::none;
  friend bool operator==(const Tunnel&, const Tunnel&) = default;
};

struct RealServer {
  net::Endpoint endpoint;  ///< port 0: the packet's own destination port
  ForwardingMethod forward = ForwardingMethod::route;
  Tunnel tunnel;
  std::uint32_t weight = 1;           ///< 0: no new connections (quiescent); at most 2^31-1
  std::uint32_t upper_threshold = 0;  ///< connections at which it counts as overloaded; 0: never
  std::uint32_t lower_threshold =
      0;  ///< connections below which it is not overloaded any more; 0: three quarters of upper
  ServerHealth health{};
  friend bool operator==(const RealServer&, const RealServer&) = default;
};

/// A service by protocol, address and port, or by firewall mark.
struct AddressKey {
  Protocol protocol = Protocol::tcp;
  net::Endpoint endpoint;  ///< port 0: every port without a service of its own
  friend auto operator<=>(const AddressKey&, const AddressKey&) = default;
};
struct MarkKey {
  std::uint32_t mark = 0;
  net::Family family = net::Family::ipv4;
  friend auto operator<=>(const MarkKey&, const MarkKey&) = default;
};
using ServiceKey = std::variant<AddressKey, MarkKey>;

/// The address family of a service's VIP.
net::Family family_of(const ServiceKey& key);
/// "tcp 10.0.0.1:80", "udp [fd00::1]:53", "fwmark 7", "fwmark 7 ipv6": for messages and logs.
std::string to_string(const ServiceKey& key);

struct Persistence {
  std::chrono::seconds timeout{360};
  /// Which bits of the client's address count. IPv4: the mask in host byte order (ipvsadm takes any mask, contiguous or
  /// not); IPv6: the prefix length.
  std::uint32_t netmask = 0xffffffff;
  friend bool operator==(const Persistence&, const Persistence&) = default;
};

/// Scheduler flags, values of IP_VS_SVC_F_SCHED* in linux/ip_vs.h.
enum SchedulerFlag : std::uint32_t {
  scheduler_flag_1 = 0x08,  ///< sh-fallback, mh-fallback
  scheduler_flag_2 = 0x10,  ///< sh-port, mh-port
  scheduler_flag_3 = 0x20,
};

/// Who made a service: a reload of the file replaces the file's services and leaves the commands' alone.
enum class Origin : std::uint8_t { file, command };

struct VirtualService {
  ServiceKey key;                             ///< names the service
  std::vector<AddressKey> further_addresses;  ///< a group: balanced as one with the key's, which is an address then
  std::string name;  ///< the name in the configuration file; empty for services made by ipvsadm
  std::string scheduler = "wlc";
  std::uint32_t scheduler_flags = 0;
  std::optional<Persistence> persistence;
  bool one_packet = false;
  std::string persistence_engine;        ///< "sip" or empty
  std::uint16_t mss_clamp = 0;           ///< upper bound of the MSS option in SYNs that pass, 0: untouched
  std::vector<RealServer> servers;       ///< in the order of adding
  std::optional<RealServer> fallback{};  ///< gets the traffic while no server is up
  std::string fallback_command{};  ///< run with "start" and "stop", VIP:PORT and protocol when the fallback takes over
                                   ///< or not any more
  Quorum quorum{};
  std::vector<MailAlert> alerts{};
  std::string maintenance_directory{};  ///< a file named as a server in it takes that server out
  std::string pool;                     ///< the pool in the configuration file that the servers came from, or empty
  Origin origin = Origin::command;
  friend bool operator==(const VirtualService&, const VirtualService&) = default;
};

/// Which attach point the packet program uses on an interface.
enum class Hook : std::uint8_t { automatic, xdp, xdp_generic, tc };

/// Connection timeouts that `ipvsadm --set` changes. Defaults are those of ip_vs.
struct Timeouts {
  std::chrono::seconds tcp{900};
  std::chrono::seconds tcp_fin{120};
  std::chrono::seconds udp{300};
  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

/// When a defence against floods acts. ip_vs writes 0, 1 or 2, and 3.
enum class Defence : std::uint8_t {
  never,
  when_filled,  ///< while the connection table is filled above Behaviour::drop_when_filled
  always,
};

/// When a SYN that meets an entry of an earlier connection of the same client port is scheduled anew. Values are those
/// of ip_vs's conn_reuse_mode.
enum class ConnectionReuse : std::uint8_t {
  never = 0,
  after_close = 1,  ///< the earlier one is in TIME_WAIT or CLOSE
  after_fin = 2,    ///< ... or in FIN_WAIT and no reply was ever seen (DR, TUN)
};

/// What happens in cases that operators want differently: the sysctls of ip_vs under plain names.
struct Behaviour {
  bool expire_connections_of_removed_servers = false;               ///< expire_nodest_conn
  bool expire_persistence_of_quiescent_servers = false;             ///< expire_quiescent_template
  ConnectionReuse connection_reuse = ConnectionReuse::after_close;  ///< conn_reuse_mode
  bool pick_up_tcp = false;                                         ///< sloppy_tcp
  bool pick_up_sctp = false;                                        ///< sloppy_sctp
  bool bypass_without_server = false;                               ///< cache_bypass
  Defence drop_half_open = Defence::never;                          ///< drop_entry
  Defence drop_packets = Defence::never;                            ///< drop_packet
  Defence secure_tcp = Defence::never;                              ///< secure_tcp
  std::uint32_t drop_rate = 10;         ///< am_droprate: drop_packets drops one packet of so many
  std::uint32_t drop_when_filled = 90;  ///< percent of the connection table; in the place of amemthresh
  bool schedule_icmp = false;           ///< schedule_icmp
  bool refuse_unknown_replies = false;  ///< nat_icmp_send
  bool path_mtu_discovery = true;       ///< pmtu_disc
  friend bool operator==(const Behaviour&, const Behaviour&) = default;
};

/// Settings of the layer-4 plane.
struct DirectorSettings {
  std::vector<std::string> interfaces;  ///< empty: every interface that has a route
  Hook hook = Hook::automatic;
  std::uint32_t connections = 1048576;  ///< how many connections the table is made for; fixed while its maps live
  std::uint32_t services = 4096;        ///< the most virtual services; fixed while its maps live
  std::uint32_t servers = 65536;        ///< the most real servers in all services together; fixed while its maps live
  std::uint32_t mh_services = 256;      ///< the most services with scheduler mh; fixed while its maps live
  Timeouts timeouts;
  Behaviour behaviour;
  friend bool operator==(const DirectorSettings&, const DirectorSettings&) = default;
};

/// What the operator wants. Services are in the order of adding.
struct Cluster {
  DirectorSettings director;
  VrrpSettings vrrp{};
  SyncSettings sync{};
  std::vector<VirtualService> services;
  friend bool operator==(const Cluster&, const Cluster&) = default;
};

/// The key of a service and its further addresses: whatever leads to it.
std::vector<ServiceKey> keys_of(const VirtualService& service);

/// The service with that key, or nullptr.
const VirtualService* find_service(const Cluster& cluster, const ServiceKey& key);
VirtualService* find_service(Cluster& cluster, const ServiceKey& key);

/// The names of the schedulers that this build can run, in ipvsadm's order.
const std::vector<std::string>& scheduler_names();

}  // namespace ballast::cluster
