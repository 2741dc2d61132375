// The packet programs on a bench: loaded, their maps filled by hand, frames sent through them one by one with
// BPF_PROG_TEST_RUN. Nothing is attached; verdicts and frames are looked at.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/abi.h"
#include "frame.h"

struct bpf_object;

namespace ballast::packet_test {

enum class Hook { xdp, tc };

/// What a program says of a frame. `back`: out of the interface it came from; `on`: out of the next hop's; `refused`:
/// the kernel does not take the frame for a test run.
enum class Verdict { pass, drop, back, on, refused, unknown };

struct Answer {
  Verdict verdict = Verdict::unknown;
  Bytes frame;

  [[nodiscard]] Bytes packet() const { return {frame.begin() + ethernet_bytes, frame.end()}; }
};

struct ServiceSpec {
  std::string_view address = "10.0.1.100";
  std::uint16_t port = 80;
  std::uint8_t protocol = tcp;
  abi::scheduler_id scheduler = abi::SCHEDULER_RR;
  std::uint32_t flags = 0;
  std::uint16_t mss_clamp = 0;
  std::uint32_t persistence = 0;  ///< seconds, 0: not persistent
  std::uint32_t netmask = 0xffffffff;
  std::uint32_t mark = 0;  ///< by mark: the address tells the family only, port and protocol nothing
};

struct ServerSpec {
  std::string_view address = "";  ///< "": 10.0.2.11 or fd00:2::11, as the service
  std::uint16_t port = 0;         ///< 0: the service's
  abi::forwarding_method method = abi::FORWARD_NAT;
  std::int32_t weight = 1;
  abi::tunnel_type tunnel = abi::TUNNEL_IPIP;
  bool tunnel_checksum = false;
  std::string_view tunnel_source = "";  ///< "": 10.0.2.1 or fd00:2::1
  std::uint16_t tunnel_port = 6080;
  std::uint16_t mtu = 1500;
  bool local = false;
  std::uint32_t upper = 0, lower = 0;
};

/// Which program sees a frame.
enum class Way : std::uint8_t {
  in,           ///< at ingress of an interface
  marked,       ///< TC: at egress of the device to which marked packets are forwarded
  from_socket,  ///< TC: at egress of lo
  leaving,      ///< TC: at egress of `outside`, from a socket of this machine
};

/// How a frame comes in.
struct Arrival {
  Way way = Way::in;
  std::uint32_t mark = 0;          ///< TC
  std::uint32_t gso_segments = 0;  ///< TC
  std::uint32_t gso_size = 0;      ///< TC
};

class PacketPath {
 public:
  /// The loaded path of a hook, emptied. It is loaded once for a process.
  static PacketPath& of(Hook hook);
  /// The same services, servers and connections, under programs that know this table as the previous one of a larger
  /// one. `path.settings.fill_previous` says where connections begin.
  static std::unique_ptr<PacketPath> growing(const PacketPath& path);
  ~PacketPath();

  /// The index of a new service, of a new real server.
  std::uint32_t add_service(const ServiceSpec& spec = {});
  std::uint32_t add_server(std::uint32_t service, const ServerSpec& spec = {});
  /// The service also takes this address, at its port.
  void add_address(std::uint32_t service, const Address& address);
  void set_weight(std::uint32_t server, std::int32_t weight);
  /// Makes an endpoint known as a real server's behind NAT.
  void add_replier(std::string_view address, std::uint16_t port, std::uint8_t protocol);

  /// The verdict on a frame and what became of it.
  Answer send(const Bytes& frame, const Arrival& arrival = {});
  Answer send(const Packet& packet) { return send(packet.frame()); }

  std::uint64_t counter(std::string_view name) const;
  /// Every counter that is not 0, for messages: "forwarded_nat 1, ..."
  std::string counters() const;

  std::pair<int, int> active_and_inactive(std::uint32_t server) const;
  /// ... of all servers, counted in the table.
  std::pair<int, int> active_and_inactive_listed() const;
  abi::traffic traffic(std::uint32_t server) const;
  /// The connection of a client's address and port, if it is in the table.
  std::optional<abi::connection> connection(std::string_view client, std::uint16_t port) const;
  std::size_t connections() const;
  /// Puts the only connection, which is on server 0, into a state, and its server's counts with it.
  void put_in_state(std::uint32_t state, bool replies_seen);
  /// live.connections
  std::int64_t connections_counted() const;

  /// Moves the deadline of every connection to now; the bounds that segments have of their deadlines with them, or not.
  void end_connections(bool with_bounds);
  /// How often the sweep's timer has run.
  std::uint64_t sweep_runs() const;
  /// Moves a piece of the previous table; an abi::move_result.
  std::uint32_t move();
  /// The changes of connections that were told since the last call.
  std::vector<abi::connection> told_changes();
  /// Has connections that another director told of entered; how many were entered, renewed and refused.
  abi::arrivals admit(const std::vector<abi::connection>& connections);
  /// Connections in the previous table.
  std::size_t previous_connections() const;

  abi::settings settings{};
  void apply_settings();
  abi::server server(std::uint32_t index) const;
  void set_server(std::uint32_t index, const abi::server& value);
  abi::service service(std::uint32_t index) const;
  void set_service(std::uint32_t index, const abi::service& value);
  /// What captures want, and the end of their lease as the programs left it.
  abi::capture_orders capture_orders() const;
  void set_capture_orders(const abi::capture_orders& value);
  std::uint32_t capture_lease() const;
  /// What response-time and capacity know of a server.
  abi::figure figure(std::uint32_t server) const;
  void set_figure(std::uint32_t server, const abi::figure& value);
  /// The table's clock now, in ticks; and in ticks, seconds.
  static std::uint32_t tick();
  static std::uint32_t ticks(std::int64_t seconds);

  /// Makes what the fragments table knows `seconds` older.
  void age_fragments(int seconds);
  /// ... what lblc and lblcr remember.
  void age_destinations(int unused, int unchanged);

  static constexpr std::uint32_t segments = 512;
  static constexpr std::uint32_t sweep_budget_ns = 20'000;

 private:
  PacketPath() = default;
  void load(Hook hook, const PacketPath* previous);
  void start_sweep();
  void clear();
  void write_rings(std::uint32_t service);
  [[nodiscard]] int map(const char* name) const { return maps_.at(name); }
  std::vector<abi::connection> connections_of(const char* name, std::uint32_t count) const;
  std::vector<abi::connection> all_connections() const;

  Hook hook_ = Hook::xdp;
  std::shared_ptr<void> skeleton_;  ///< owns the programs and maps
  bpf_object* object_ = nullptr;
  std::map<std::string, int> maps_;  ///< by name in the source: libbpf renames those that take over another path's
  int program_ = -1;
  std::uint32_t segments_ = segments;
  int outgoing_ = -1;  ///< TC
  int leaving_ = -1;   ///< TC
  int processors_ = 1;
  std::uint32_t services_ = 0;
  std::vector<std::vector<std::uint32_t>> members_;
};

/// Tests that run for both hooks. They have a network namespace with these ways:
///   10.0.1.0/24, 10.9.0.0/16, fd00:1::/64, fd00:9::/64  over `outside`, by 02:00:00:00:01:02
///   10.0.2.0/24, fd00:2::/64                            over `inside`, by 02:00:00:00:02:11
class BothHooks : public testing::TestWithParam<Hook> {
 protected:
  void SetUp() override;
  PacketPath& path() { return *path_; }
  [[nodiscard]] bool in_xdp() const { return GetParam() == Hook::xdp; }

  /// Sends a frame that must go on to the next hop with this packet, and in XDP with these link addresses.
  void expect_on(const Answer& answer, const Bytes& packet, const MacAddress& to, const MacAddress& from);
  /// ... that must pass as it came, byte for byte.
  void expect_untouched(const Bytes& frame, const Arrival& arrival = {});

 private:
  PacketPath* path_ = nullptr;
};

std::string hook_name(const testing::TestParamInfo<Hook>& hook);

#define FOR_BOTH_HOOKS(suite) INSTANTIATE_TEST_SUITE_P(Hook, suite, testing::Values(Hook::xdp, Hook::tc), hook_name)

}  // namespace ballast::packet_test
