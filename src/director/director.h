// The layer-4 plane: loads the packet programs, brings their maps to what a Cluster asks for, and reads back what
// happens.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "cluster/connection.h"
#include "cluster/model.h"
#include "cluster/service_way.h"

namespace ballast::director {

struct Stats {
  std::uint64_t connections = 0;
  std::uint64_t packets_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

/// What a real server does right now.
struct ServerLoad {
  cluster::RealServer server;
  std::uint32_t active = 0;
  std::uint32_t inactive = 0;
  std::uint32_t persistent = 0;  ///< templates that lead to it
  Stats stats;
};

struct ServiceLoad {
  cluster::ServiceKey key;
  std::vector<ServerLoad> servers;  ///< newest first, the order in which schedulers see them
  Stats stats;                      ///< its servers', and those of servers it had
};

/// What is told of a real server from outside.
struct ServerReport {
  net::Address address;
  std::optional<std::uint16_t> port;  ///< absent: every port of that address
  std::optional<std::uint32_t> load;  ///< percent
  std::optional<std::uint32_t> response_microseconds;
  friend bool operator==(const ServerReport&, const ServerReport&) = default;
};

using cluster::Connection;

/// "ESTABLISHED", "SYN_RECV", "UDP" ...: the names that `ipvsadm -c` prints; of a template "ASSURED" or "NONE".
std::string_view state_name(const Connection& connection);

struct Counter {
  std::string_view name;
  std::string_view help;
  std::uint64_t value = 0;
  bool drop = false;  ///< a reason for packets to go no further
};

/// The connection table on its way to a larger size.
struct Growth {
  std::uint32_t connections = 0;  ///< how many it will hold
  std::uint32_t percent = 0;      ///< of the smaller table, moved
};

/// What became of connections that another director told of.
struct Admitted {
  std::uint32_t entered = 0;  ///< new here
  std::uint32_t renewed = 0;  ///< were here already
  std::uint32_t refused = 0;  ///< no room, or here it is another server's
  std::uint32_t unknown = 0;  ///< their service or real server is not configured here
};

struct AttachedInterface {
  std::string name;
  std::string hook;    ///< "xdp", "xdp-generic", "tc"
  std::string reason;  ///< why that one
};

/// One running packet path: its programs, maps and attachments. They are pinned and outlive this object.
class Director {
 public:
  /// Takes over the pinned packet path of `instance`, or makes a new one. Needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.
  /// Nothing is attached before apply(). Errors are one line that says what to do.
  static Result<std::unique_ptr<Director>> open(const std::string& instance, const cluster::DirectorSettings& settings);

  /// Takes down the packet path that a dead daemon of `instance` left behind, as remove() does. False where there is
  /// none.
  static Result<bool> remove_left_behind(const std::string& instance);

  virtual ~Director() = default;

  /// True where open() found a running packet path and took it over.
  [[nodiscard]] virtual bool adopted() const = 0;

  /// Brings the packet path to what `cluster` asks for, by the difference to what it runs. On an error before the first
  /// change nothing has changed.
  virtual Result<void> apply(const cluster::Cluster& cluster) = 0;

  /// To be called about every 100 ms: renews the lease by which the packet program knows that next hops are kept fresh,
  /// takes in what the network reported, frees what nothing refers to any more.
  virtual void tick() = 0;

  /// Gives a report to the schedulers that go by it, for that real server in every service. How many they are.
  virtual std::size_t report(const ServerReport& report) = 0;

  /// Load and counters of every service, in the order of the last applied Cluster; before the first, of those that were
  /// taken over.
  [[nodiscard]] virtual std::vector<ServiceLoad> services() const = 0;
  /// Walks the connection table from `cursor` (0 at first) and gives every connection to `visit` until `limit` of them
  /// were visited, or about a millisecond has passed. Returns the cursor to go on from, or nullopt at the end.
  virtual std::optional<std::uint32_t> connections(std::uint32_t cursor, std::uint32_t limit,
                                                   const std::function<void(const Connection&)>& visit) const = 0;
  /// From now on changes of connections are kept for changes(), or not any more.
  virtual void keep_changes(bool keep) = 0;
  /// Gives the connections that packets established, closed or otherwise changed since the last call to `visit`, as
  /// they were then, in the order of time. How many could not be kept since: then a walk through connections() tells
  /// the rest.
  virtual std::uint64_t changes(const std::function<void(const Connection&)>& visit) = 0;
  /// Enters connections that another director has, or brings those that are here to what they are there. Packets go on
  /// meanwhile; what they change afterwards stands.
  virtual Admitted admit(std::span<const Connection> connections) = 0;
  /// Checks are to reach real servers by their services' own way, or not any more. Until then open_way() does nothing.
  virtual void serve_ways(bool wanted) = 0;
  /// From now on the packets of a socket, and the answers, go this way. E2BIG: too many do.
  virtual Result<void> open_way(const cluster::ServiceWay& way) = 0;
  /// Whether a packet has gone this way.
  [[nodiscard]] virtual bool way_was_used(const cluster::ServiceWay& way) const = 0;
  virtual void close_way(const cluster::ServiceWay& way) = 0;

  [[nodiscard]] virtual std::uint32_t connection_count() const = 0;
  [[nodiscard]] virtual std::uint32_t connection_capacity() const = 0;
  /// While the table grows: `director.connections` of the applied Cluster is more than it held.
  [[nodiscard]] virtual std::optional<Growth> growth() const = 0;
  [[nodiscard]] virtual std::vector<Counter> counters() const = 0;
  [[nodiscard]] virtual std::vector<AttachedInterface> interfaces() const = 0;
  /// Why packets are not balanced, asked of the kernel: an interface does not carry the packet programs, or none does.
  [[nodiscard]] virtual std::optional<std::string> defect() const = 0;

  /// Takes the packet path down: detaches, unpins, forgets every connection. Only `ballast stop` does this.
  virtual Result<void> remove() = 0;
};

}  // namespace ballast::director
