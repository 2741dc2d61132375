// The control interface: what the daemon answers and what commands ask, over one unix socket.
//
// One request is one line of JSON, {"op": NAME, ...arguments}; the answer is one line, {"result": VALUE} or
// {"error": {"code": ERRNO, "message": TEXT}}. A connection may carry any number of requests, one after another. Only
// root (or the daemon's own user) is answered.
//
//   op                arguments                              result
//   services          key? (one service only)                [ServiceView]
//   add_service       service                                null
//   edit_service      service                                null
//   delete_service    key                                    null
//   add_server        key, server                            null
//   edit_server       key, server                            null
//   delete_server     key, endpoint                          null
//   clear                                                    null
//   zero              key? (one service only)                null
//   set_timeouts      timeouts (0: leave)                    null
//   start_kernel_sync daemon (with one role)                 null
//   stop_kernel_sync  master: true or false (the backup)     null
//   transaction       operations: [{"op": ...}]              [null or {"code": ERRNO, "message": TEXT}]
//   apply             services, timeouts? (0: leave),        {changed: TEXT, lines: [TEXT], notes: [TEXT]}
//                     dry_run?
//   timeouts                                                 Timeouts
//   report            address, port?, load? (percent),       {servers: N}
//                     response_microseconds?
//   connections       filter?, cursor?, limit?               {connections: [ConnectionView], cursor: N or null}
//   totals                                                   Totals
//   counters                                                 [CounterView]
//   status                                                   Status
//   vrrp                                                     VrrpStatus
//   vrrp_resign       name, back? (takes part again)         null
//   health                                                   HealthView
//   sync                                                     SyncView
//   reload                                                   {changed: TEXT}
//   stop                                                     null; then the packet path is down and the daemon ends
//
// `transaction` does those of its operations that are not refused, one after another, and puts them in force in one
// step; they can be those from add_service to stop_kernel_sync. `apply` makes `services` the services of commands, all
// of them, in one step or not at all; with dry_run it only says what that would change.
//
// `limit` is how many connections of the table one answer looks at (at most 16384), so that a filter that matches few
// of a million does not hold up the daemon: an answer with no connection in it still has a cursor to go on from.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cluster/model.h"

namespace ballast::control {

struct Stats {
  std::uint64_t connections = 0;
  std::uint64_t packets_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  friend bool operator==(const Stats&, const Stats&) = default;
};

struct ServerView {
  cluster::RealServer server;
  std::uint32_t active = 0;
  std::uint32_t inactive = 0;
  std::uint32_t persistent = 0;
  Stats stats;
  Stats rates;  ///< per second
  friend bool operator==(const ServerView&, const ServerView&) = default;
};

struct ServiceView {
  cluster::VirtualService service;  ///< its `servers` is empty here; see below
  std::vector<ServerView> servers;  ///< in the kernel's order: newest first
  Stats stats;
  Stats rates;
  friend bool operator==(const ServiceView&, const ServiceView&) = default;
};

/// All services together, those that are gone included.
struct Totals {
  Stats stats;
  Stats rates;
  friend bool operator==(const Totals&, const Totals&) = default;
};

struct ConnectionView {
  std::uint8_t protocol = 0;  ///< IP protocol number
  net::Endpoint client;
  net::Endpoint virtual_address;
  net::Endpoint server;
  std::string state;  ///< as ipvsadm -c prints it: ESTABLISHED, SYN_RECV, UDP ...
  std::uint32_t expires_seconds = 0;
  cluster::ForwardingMethod forward = cluster::ForwardingMethod::route;
  friend bool operator==(const ConnectionView&, const ConnectionView&) = default;
};

/// Which connections to list; an absent field matches all.
struct ConnectionFilter {
  std::optional<std::uint8_t> protocol;
  std::optional<net::Prefix> client;
  std::optional<std::uint16_t> client_port;
  std::optional<net::Address> virtual_address;
  std::optional<std::uint16_t> virtual_port;
  std::optional<net::Address> server;
  std::optional<std::uint16_t> server_port;
  std::string state;  ///< empty: every state
  [[nodiscard]] bool matches(const ConnectionView& connection) const;
};

struct CounterView {
  std::string name;  ///< as in bpf/counters.h
  std::string help;
  std::uint64_t value = 0;
  bool drop = false;  ///< a reason for packets to go no further
};

struct InterfaceView {
  std::string name;
  std::string hook;    ///< "xdp", "xdp-generic", "tc"
  std::string reason;  ///< why that hook
};

struct VrrpLine {
  std::string name;
  std::string state;  ///< "active", "backup", "fault", "initialize"
  std::uint32_t priority = 0;
};

struct Status {
  std::string version;
  std::string instance;
  std::uint32_t pid = 0;
  std::string configuration;  ///< path of the file, or empty
  std::int64_t uptime_seconds = 0;
  bool adopted = false;  ///< this daemon took over a running packet path
  std::vector<InterfaceView> interfaces;
  std::vector<VrrpLine> vrrp{};
  std::uint32_t connections = 0;
  std::uint32_t connections_max = 0;
  std::uint32_t connections_growing_to = 0;  ///< 0: the table does not grow
  std::uint32_t connections_moved_percent = 0;
  std::uint32_t services = 0;
  std::uint32_t servers = 0;
  std::uint32_t checks = 0;
  std::uint32_t servers_down = 0;   ///< of those that are checked
  std::uint32_t services_down = 0;  ///< whose quorum is not met
};

/// A moment, in seconds since 1970-01-01 00:00 UTC.
using UnixSeconds = std::int64_t;

struct CheckChange {
  UnixSeconds at = 0;
  std::string state;  ///< "up", "down"
  std::string reason;
  friend bool operator==(const CheckChange&, const CheckChange&) = default;
};

struct PlaceView {
  cluster::ServiceKey key;
  net::Endpoint server;
  friend bool operator==(const PlaceView&, const PlaceView&) = default;
};

/// A health check: what it is, what it came to, and whom it speaks for.
struct CheckView {
  std::vector<PlaceView> servers;
  std::string check;        ///< "http 10.0.1.1:80/index.html"
  std::string state;        ///< "up", "down", "untested"
  bool assumed_up = false;  ///< counts as up, though it is untested
  UnixSeconds since = 0;
  std::optional<UnixSeconds> last_at;  ///< absent: no result yet
  bool last_success = false;
  std::string last_reason;
  std::uint32_t last_latency_microseconds = 0;
  std::uint32_t in_a_row = 0;  ///< results like the last one
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::vector<CheckChange> history;  ///< oldest first
  friend bool operator==(const CheckView&, const CheckView&) = default;
};

/// What the checks of a real server come to.
struct ServerHealthView {
  net::Endpoint endpoint;
  bool up = true;
  std::uint32_t weight = 1;  ///< in the director while it is up
  std::string reason;        ///< of the last change
  friend bool operator==(const ServerHealthView&, const ServerHealthView&) = default;
};

struct ServiceHealthView {
  cluster::ServiceKey key;
  std::string name;
  bool up = true;         ///< the quorum is met
  bool fallback = false;  ///< the fallback has the traffic
  std::vector<ServerHealthView> servers;
  friend bool operator==(const ServiceHealthView&, const ServiceHealthView&) = default;
};

/// Of every service that health has a say in.
struct HealthView {
  std::vector<ServiceHealthView> services;
  std::vector<CheckView> checks;
  friend bool operator==(const HealthView&, const HealthView&) = default;
};

// JSON forms of all of the above and of the cluster's values: to_json(x) and from_json<T>(value) in control/json.h.

/// A director that is told of connections here.
struct SyncPeerView {
  net::Endpoint peer;
  std::string state;  ///< "connected", "complete", or why it is neither
  std::uint64_t told = 0;
  std::uint64_t taken = 0;
};
/// A director that tells of its connections.
struct SyncCallerView {
  std::string address;
  std::string state;  ///< "connected", "complete", "gone"
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
  std::uint64_t malformed = 0;
};
/// A role of ip_vs's protocol.
struct KernelSyncView {
  cluster::KernelSync daemon;
  std::uint64_t told = 0;
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
  std::uint64_t malformed = 0;
};
struct SyncView {
  std::optional<net::Endpoint> listen;
  std::vector<SyncPeerView> peers;
  std::vector<SyncCallerView> callers;
  std::vector<KernelSyncView> kernel;
  std::uint64_t lost = 0;
  std::uint64_t prompted = 0;
};

}  // namespace ballast::control
