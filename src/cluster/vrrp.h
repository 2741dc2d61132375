// VRRP (RFC 3768, 5798, 9568): virtual routers, what they track, what they do. Pure values: the protocol is in vrrp/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster/health_check.h"
#include "net/address.h"

namespace ballast::cluster {

/// An address that belongs to the active router.
struct VirtualAddress {
  net::Address address;
  std::uint8_t prefix_length = 32;
  std::string interface;  ///< empty: the instance's
  std::string label;      ///< IPv4: "eth0:1"
  std::string scope;      ///< "global", "link", "host"; empty: by the address
  std::optional<net::Address> broadcast;
  std::optional<net::Address> peer;
  bool skip_duplicate_detection = true;  ///< IFA_F_NODAD
  bool no_prefix_route = false;          ///< IFA_F_NOPREFIXROUTE
  bool home = false;                     ///< IFA_F_HOMEADDRESS
  bool track = true;                     ///< its being taken away by somebody else is mended at once
  friend bool operator==(const VirtualAddress&, const VirtualAddress&) = default;
};

/// A route or a rule that belongs to the active router, as `ip route` and `ip rule` write it.
struct VirtualRoute {
  std::string text;  ///< "10.9.0.0/16 via 10.1.0.1 dev eth0 table 7"
  friend bool operator==(const VirtualRoute&, const VirtualRoute&) = default;
};
struct VirtualRule {
  std::string text;  ///< "from 10.9.0.0/16 table 7 priority 100"
  friend bool operator==(const VirtualRule&, const VirtualRule&) = default;
};

/// Something whose state changes priorities, by its name. `weight` 0: its failure makes the instance faulty; else it is
/// added (positive: while it is good; negative: while it is bad).
struct Track {
  enum class Kind : std::uint8_t {
    interface,
    script,
    file,
    process,
    check,  ///< of the real servers of the service with that name: good while it is up
    director
  };
  Kind kind = Kind::interface;
  std::string name;
  std::optional<std::int32_t> weight;  ///< absent: that of the thing itself; at most 253 either way
  bool reverse = false;                ///< good is bad
  friend bool operator==(const Track&, const Track&) = default;
};

struct TrackScript {
  std::string name;
  std::string command;
  std::string user;  ///< "USER" or "USER:GROUP"; empty: the daemon's own
  std::chrono::milliseconds interval{1000};
  std::chrono::milliseconds timeout{0};  ///< 0: the interval
  std::int32_t weight = 0;
  bool reverse = false;
  std::uint32_t rise = 1;
  std::uint32_t fall = 1;
  bool initially_failed = false;
  friend bool operator==(const TrackScript&, const TrackScript&) = default;
};

/// A file with a number in it that, times `weight`, is added to priorities.
struct TrackFile {
  std::string name;
  std::string path;
  std::int32_t weight = 1;
  bool reverse = false;
  std::optional<std::int32_t> initial;  ///< written at the start; absent: the file is left alone
  bool overwrite = false;
  friend bool operator==(const TrackFile&, const TrackFile&) = default;
};

struct TrackProcess {
  std::string name;
  std::string process;                 ///< name of the program, or its path
  std::vector<std::string> arguments;  ///< what its command line has; empty: any
  bool whole_command = false;          ///< `process` is compared with argv[0], not with comm
  bool arguments_may_go_on = false;    ///< the command line may have more behind `arguments`
  std::int32_t weight = 0;
  bool reverse = false;
  std::uint32_t least = 1;                  ///< how many must run
  std::uint32_t most = 0;                   ///< how many may run; 0: any number
  std::chrono::milliseconds up_delay{0};    ///< how long it must have run
  std::chrono::milliseconds down_delay{0};  ///< how long it must be gone
  friend bool operator==(const TrackProcess&, const TrackProcess&) = default;
};

/// Commands at changes of state. keepalived gives them "INSTANCE|GROUP" NAME STATE PRIORITY.
struct VrrpNotify {
  std::string master;
  std::string backup;
  std::string fault;
  std::string stop;
  std::string master_receives_lower_priority;
  std::string any;      ///< for each change, with the four arguments
  std::string deleted;  ///< the instance is not configured any more
  std::string user;     ///< "USER" or "USER:GROUP"; empty: the daemon's own
  bool mail = false;
  bool priority_changes = false;
  friend bool operator==(const VrrpNotify&, const VrrpNotify&) = default;
};

struct VrrpPeer {
  net::Address address;
  std::uint8_t least_ttl = 0;
  std::uint8_t greatest_ttl = 255;
  friend bool operator==(const VrrpPeer&, const VrrpPeer&) = default;
};

/// Gratuitous ARP and unsolicited neighbour advertisements.
struct AnnouncePolicy {
  std::uint32_t repeat = 5;               ///< at once on becoming active
  std::chrono::milliseconds delay{5000};  ///< then once more after this; 0: not
  std::uint32_t delayed_repeat = 5;       ///< how many then
  std::chrono::milliseconds refresh{0};   ///< while active; 0: never
  std::uint32_t refresh_repeat = 1;
  std::chrono::microseconds gap{0};            ///< between two gratuitous ARPs on an interface
  std::chrono::microseconds neighbour_gap{0};  ///< between two neighbour advertisements
  std::uint32_t lower_priority_repeat = 5;     ///< on an advertisement of lower priority
  std::chrono::milliseconds lower_priority_delay{5000};
  friend bool operator==(const AnnouncePolicy&, const AnnouncePolicy&) = default;
};

enum class VrrpAuthentication : std::uint8_t { none, password, header, hmac };
enum class HmacMode : std::uint8_t { enforce, permissive, receive_only };
/// What keeps old messages out: clocks that agree, or numbers that grow alone.
enum class AntiReplay : std::uint8_t { time, monotonic };

struct HmacKey {
  std::uint8_t id = 1;
  std::string secret;   ///< 32 to 64 bytes
  std::string written;  ///< as configurations name it: the same, "hex:..." or "file:PATH"
  friend bool operator==(const HmacKey&, const HmacKey&) = default;
};

struct VrrpSecurity {
  VrrpAuthentication type = VrrpAuthentication::none;
  std::string password;       ///< v2: at most 8 bytes
  std::vector<HmacKey> keys;  ///< hmac: the first one signs
  HmacMode mode = HmacMode::enforce;
  AntiReplay anti_replay = AntiReplay::time;
  std::chrono::seconds window{60};  ///< hmac, by time: how far clocks may be apart
  friend bool operator==(const VrrpSecurity&, const VrrpSecurity&) = default;
};

/// Which IPv4 checksum VRRPv3 sends; both are accepted. RFC 9568: the message alone; RFC 5798, keepalived: with a
/// pseudo-header.
enum class V3Checksum : std::uint8_t { rfc9568, rfc5798 };

struct VrrpInstance {
  std::string name;
  std::string interface;
  std::uint8_t router_id = 0;  ///< VRID, 1-255
  std::uint8_t version = 3;
  net::Family family = net::Family::ipv4;
  std::uint8_t priority = 100;               ///< 255: address owner
  std::chrono::milliseconds interval{1000};  ///< v2: whole seconds; v3: multiples of 10 ms up to 40.95 s
  std::uint32_t missed_advertisements = 3;   ///< how many may be lost before a backup takes over
  bool preempt = true;
  std::chrono::milliseconds preempt_delay{0};
  bool accept = true;  ///< packets to the virtual addresses are taken even where this is not their owner

  std::optional<net::Address> source;
  std::vector<VrrpPeer> peers;  ///< unicast; empty: multicast
  std::uint8_t unicast_ttl = 255;
  bool check_source = false;  ///< only advertisements of `peers` are taken
  std::optional<net::Address> multicast_group;
  bool track_source = false;  ///< faulty while `source` is not there
  V3Checksum v3_checksum = V3Checksum::rfc5798;
  VrrpSecurity security;

  bool virtual_mac = false;
  std::string virtual_mac_interface;      ///< empty: "vrrp.VRID"
  std::optional<std::string> mac;         ///< absent: 00:00:5e:00:01:VRID, or 02 for IPv6
  bool advertise_from_interface = false;  ///< keepalived's vmac_xmit_base

  std::vector<VirtualAddress> addresses;           ///< at most 20 in advertisements, as keepalived advises
  std::vector<VirtualAddress> excluded_addresses;  ///< moved with the others, not in advertisements
  std::vector<VirtualRoute> routes;
  std::vector<VirtualRule> rules;
  std::vector<Track> tracks;
  VrrpNotify notify;
  AnnouncePolicy announce;
  std::chrono::milliseconds lease{2000};  ///< lifetime of its addresses that the daemon keeps renewing; 0: for ever
  bool lower_priority_no_advertisement = false;
  bool higher_priority_send_advertisement = true;
  std::chrono::milliseconds start_delay{0};
  friend bool operator==(const VrrpInstance&, const VrrpInstance&) = default;
};

struct VrrpSyncGroup {
  std::string name;
  std::vector<std::string> instances;
  std::vector<Track> tracks;
  VrrpNotify notify;
  bool track_with_weights = false;
  friend bool operator==(const VrrpSyncGroup&, const VrrpSyncGroup&) = default;
};

/// An address, route or rule that is there as long as the daemon is configured so.
struct StaticNetwork {
  std::vector<VirtualAddress> addresses;
  std::vector<VirtualRoute> routes;
  std::vector<VirtualRule> rules;
  friend bool operator==(const StaticNetwork&, const StaticNetwork&) = default;
};

struct VrrpSettings {
  std::vector<VrrpInstance> instances;
  std::vector<VrrpSyncGroup> groups;
  std::vector<TrackScript> scripts;
  std::vector<TrackFile> files;
  std::vector<TrackProcess> processes;
  StaticNetwork fixed;
  std::string notify_fifo;          ///< a FIFO that gets keepalived's lines; empty: none
  std::string notify_fifo_command;  ///< started to read it
  std::vector<MailAlert> alerts;    ///< for instances and groups with VrrpNotify::mail
  friend bool operator==(const VrrpSettings&, const VrrpSettings&) = default;
};

}  // namespace ballast::cluster
