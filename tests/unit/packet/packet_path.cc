#include "packet_path.h"
#include "director/objects.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <numeric>

#include "bpf/counters.h"
#include "director/placement.h"
#include "schedule/hash_buckets.h"
#include "schedule/maglev.h"

namespace ballast::packet_test {
namespace {

constexpr std::uint32_t growth_factor = 2;
constexpr std::uint32_t services_max = 16, servers_max = 256, chunk_lines = 32;
constexpr std::uint32_t loopback = 1, ifindex_outside = 10, ifindex_inside = 20;

constexpr const char* counter_names[] = {
#define BALLAST_COUNTER_NAME(name, help) #name,
    BALLAST_COUNTERS(BALLAST_COUNTER_NAME)
#undef BALLAST_COUNTER_NAME
};

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "packet bench: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

void run(const std::string& command) {
  if (std::system(command.c_str()) != 0) give_up(command);
}

std::uint32_t ticks_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint32_t>((now.tv_sec * 1'000'000'000ll + now.tv_nsec) >> TICK_SHIFT);
}

/// The network that route lookups of the programs see. One for the process.
void enter_network() {
  static bool entered = false;
  if (entered) return;
  entered = true;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) give_up("sched_setaffinity");
  if (unshare(CLONE_NEWNET) != 0) give_up("unshare");
  run("ip link set lo up && ip link add outside index " + std::to_string(ifindex_outside) +
      " address 02:00:00:00:01:01 type veth peer name outside-peer && ip link add inside index " +
      std::to_string(ifindex_inside) + " address 02:00:00:00:02:01 type veth peer name inside-peer");
  for (const char* device : {"outside", "inside", "outside-peer", "inside-peer"}) {
    run(std::string("ip link set ") + device + " up");
  }
  for (const char* name : {"ipv4/conf/all/forwarding", "ipv6/conf/all/forwarding"}) {
    std::ofstream(std::string("/proc/sys/net/") + name) << "1";
  }
  run("ip address add 10.0.1.1/24 dev outside && ip address add 10.0.2.1/24 dev inside && "
      "ip -6 address add fd00:1::1/64 dev outside nodad && ip -6 address add fd00:2::1/64 dev inside nodad && "
      "ip neigh add 10.0.1.2 lladdr 02:00:00:00:01:02 dev outside && "
      "ip neigh add 10.0.2.11 lladdr 02:00:00:00:02:11 dev inside && "
      "ip neigh add fd00:1::2 lladdr 02:00:00:00:01:02 dev outside && "
      "ip neigh add fd00:2::11 lladdr 02:00:00:00:02:11 dev inside && "
      "ip route add 10.9.0.0/16 via 10.0.1.2 && ip -6 route add fd00:9::/64 via fd00:1::2");
}

template <typename Value>
void write_map(int map, std::uint32_t key, const Value& value) {
  if (bpf_map_update_elem(map, &key, &value, BPF_ANY) != 0) give_up("bpf_map_update_elem");
}

template <typename Value>
Value read_map(int map, std::uint32_t key) {
  Value value{};
  if (bpf_map_lookup_elem(map, &key, &value) != 0) give_up("bpf_map_lookup_elem");
  return value;
}

/// Every element of an array, one processor's or all of them, becomes zero bytes.
void zero_array(int map, int processors) {
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(map, &info, &length) != 0) give_up("bpf_obj_get_info_by_fd");
  const std::size_t size = (info.value_size + 7) / 8 * 8;
  const Bytes zeros(info.type == BPF_MAP_TYPE_PERCPU_ARRAY ? size * static_cast<std::size_t>(processors) : size);
  for (std::uint32_t key = 0; key < info.max_entries; ++key) {
    if (bpf_map_update_elem(map, &key, zeros.data(), BPF_ANY) != 0) give_up("bpf_map_update_elem");
  }
}

template <typename Key>
void empty_hash(int map) {
  Key key{};
  while (bpf_map_get_next_key(map, nullptr, &key) == 0) bpf_map_delete_elem(map, &key);
}

abi::service_key key_of(const Address& a, std::uint16_t port, std::uint8_t protocol) {
  abi::service_key key{};
  key.address = abi::to_abi(a);
  key.port = abi::port_to_abi(port);
  key.protocol = protocol;
  return key;
}

abi::service_key mark_key(const Address& a, std::uint32_t mark) {
  abi::service_key key{};
  key.address = abi::to_abi(Address::any(a.family()));
  key.mark = mark;
  return key;
}

template <typename Skeleton>
void set_constants(Skeleton* skeleton, bool growing) {
  skeleton->rodata->segment_count = growing ? PacketPath::segments * growth_factor : PacketPath::segments;
  skeleton->rodata->previous_segment_count = growing ? PacketPath::segments : 0;
  skeleton->rodata->hash_seed = 0x1234567890abcdef;
  skeleton->rodata->sweep_interval_ns = 20'000'000;
  skeleton->rodata->sweep_segments = PacketPath::segments;
  skeleton->rodata->sweep_budget_ns = PacketPath::sweep_budget_ns;
}

using Maps = std::map<std::string, int>;

/// Takes every map over from a path that runs; its table as the previous one.
void share_maps(const std::map<std::string, bpf_map*>& maps, const Maps& running) {
  for (const auto& [name, map] : maps) {
    if (name == "connections") {
      if (bpf_map__set_max_entries(map, PacketPath::segments * growth_factor) != 0) give_up(name);
    } else if (bpf_map__reuse_fd(map, running.at(name == "connections_previous" ? "connections" : name)) != 0) {
      give_up(name);
    }
  }
}

void set_sizes(bpf_object* object) {
  const std::pair<const char*, std::uint32_t> sizes[] = {{"service_keys", 512},
                                                         {"listeners", 1},
                                                         {"services", services_max},
                                                         {"cursors", services_max},
                                                         {"service_traffic", services_max},
                                                         {"rings", services_max * chunk_lines},
                                                         {"maglev_tables", services_max},
                                                         {"chunks", services_max},
                                                         {"figures", services_max},
                                                         {"servers", servers_max},
                                                         {"server_traffic", servers_max},
                                                         {"connections", PacketPath::segments}};
  for (const auto& [name, size] : sizes) {
    bpf_map* map = bpf_object__find_map_by_name(object, name);
    if (map != nullptr && bpf_map__set_max_entries(map, size) != 0) give_up(name);
  }
}

/// Runs a program that is not attached; what it returns.
std::uint32_t run_once(bpf_object* object, const char* name) {
  const int program = bpf_program__fd(bpf_object__find_program_by_name(object, name));
  Bytes frame(64);
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = frame.data();
  options.data_size_in = static_cast<std::uint32_t>(frame.size());
  if (bpf_prog_test_run_opts(program, &options) != 0) give_up(name);
  return options.retval;
}

struct Loaded {
  std::shared_ptr<void> skeleton;
  bpf_object* object = nullptr;
  Maps maps;
  int program = -1;
};

template <typename Skeleton>
Loaded load_skeleton(Skeleton* skeleton, const Maps* running, int (*load)(Skeleton*), void (*destroy)(Skeleton*)) {
  if (skeleton == nullptr) give_up("opening the programs");
  std::shared_ptr<void> owned(skeleton, [destroy](void* held) { destroy(static_cast<Skeleton*>(held)); });
  std::map<std::string, bpf_map*> maps;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton->obj) {
    const auto name = director::shared_name(map);
    if (!name.empty()) maps[std::string(name)] = map;
  }
  set_constants(skeleton, running != nullptr);
  if (running == nullptr) {
    set_sizes(skeleton->obj);
  } else {
    share_maps(maps, *running);
  }
  if (load(skeleton) != 0) give_up("loading the programs");
  Loaded loaded{std::move(owned), skeleton->obj, {}, bpf_program__fd(skeleton->progs.ballast_director)};
  for (const auto& [name, opened] : maps) loaded.maps[name] = bpf_map__fd(opened);
  return loaded;
}

constexpr std::pair<int, int> timeouts[] = {
    {abi::STATE_NONE, 2},
    {abi::STATE_ESTABLISHED, 900},
    {abi::STATE_SYN_SENT, 120},
    {abi::STATE_SYN_RECV, 60},
    {abi::STATE_FIN_WAIT, 120},
    {abi::STATE_TIME_WAIT, 120},
    {abi::STATE_CLOSE, 10},
    {abi::STATE_CLOSE_WAIT, 60},
    {abi::STATE_LAST_ACK, 30},
    {abi::STATE_LISTEN, 120},
    {abi::STATE_SYNACK, 120},
    {abi::STATE_UDP, 300},
    {abi::STATE_SCTP_INIT1, 4},
    {abi::STATE_SCTP_INIT, 61},
    {abi::STATE_SCTP_COOKIE_SENT, 61},
    {abi::STATE_SCTP_COOKIE_REPLIED, 61},
    {abi::STATE_SCTP_COOKIE_WAIT, 61},
    {abi::STATE_SCTP_COOKIE, 61},
    {abi::STATE_SCTP_COOKIE_ECHOED, 61},
    {abi::STATE_SCTP_ESTABLISHED, 900},
    {abi::STATE_SCTP_SHUTDOWN_SENT, 61},
    {abi::STATE_SCTP_SHUTDOWN_RECEIVED, 61},
    {abi::STATE_SCTP_SHUTDOWN_ACK_SENT, 61},
    {abi::STATE_SCTP_REJECTED, 4},
    {abi::STATE_SCTP_CLOSED, 61},
};

Verdict verdict_of(Hook hook, std::uint32_t code) {
  if (hook == Hook::xdp) {
    switch (code) {
      case 1:
        return Verdict::drop;
      case 2:
        return Verdict::pass;
      case 3:
        return Verdict::back;
      case 4:
        return Verdict::on;
      default:
        return Verdict::unknown;
    }
  }
  switch (static_cast<std::int32_t>(code)) {
    case -1:
      return Verdict::pass;
    case 2:
      return Verdict::drop;
    case 7:
      return Verdict::on;
    default:
      return Verdict::unknown;
  }
}

}  // namespace

PacketPath& PacketPath::of(Hook hook) {
  static std::array<std::unique_ptr<PacketPath>, 2> paths;
  auto& path = paths[hook == Hook::xdp ? 0 : 1];
  if (!path) {
    path.reset(new PacketPath);
    path->load(hook, nullptr);
  }
  path->start_sweep();
  path->clear();
  return *path;
}

std::unique_ptr<PacketPath> PacketPath::growing(const PacketPath& path) {
  std::unique_ptr<PacketPath> larger(new PacketPath);
  larger->load(path.hook_, &path);
  larger->start_sweep();
  larger->settings = path.settings;
  return larger;
}

PacketPath::~PacketPath() = default;

void PacketPath::load(Hook hook, const PacketPath* previous) {
  hook_ = hook;
  processors_ = libbpf_num_possible_cpus();
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
  const Maps* shared = previous == nullptr ? nullptr : &previous->maps_;
  const Loaded loaded =
      hook == Hook::xdp
          ? load_skeleton(director_xdp_bpf__open(), shared, director_xdp_bpf__load, director_xdp_bpf__destroy)
          : load_skeleton(director_tc_bpf__open(), shared, director_tc_bpf__load, director_tc_bpf__destroy);
  if (previous != nullptr) segments_ = segments * growth_factor;
  skeleton_ = loaded.skeleton;
  object_ = loaded.object;
  maps_ = loaded.maps;
  program_ = loaded.program;
  if (hook == Hook::tc) {
    outgoing_ = bpf_program__fd(bpf_object__find_program_by_name(object_, "ballast_outgoing"));
    leaving_ = bpf_program__fd(bpf_object__find_program_by_name(object_, "ballast_leaving"));
  }
}

void PacketPath::start_sweep() {
  for (int attempts = 100; run_once(object_, "ballast_sweep") != 0; --attempts) {  // as the director does it
    if (attempts == 0) give_up("starting the sweep");
    ::usleep(1000);
  }
}

std::vector<abi::connection> PacketPath::told_changes() {
  std::vector<abi::connection> told;
  const auto note = [](void* list, void* record, std::size_t) {
    abi::connection change;
    std::memcpy(&change, record, sizeof change);
    static_cast<std::vector<abi::connection>*>(list)->push_back(change);
    return 0;
  };
  ring_buffer* ring = ring_buffer__new(map("changes"), note, &told, nullptr);
  if (ring == nullptr) give_up("reading the ring of changes");
  ring_buffer__consume(ring);
  ring_buffer__free(ring);
  return told;
}

abi::arrivals PacketPath::admit(const std::vector<abi::connection>& connections) {
  abi::arrivals arrivals{};
  arrivals.count = static_cast<std::uint32_t>(connections.size());
  std::ranges::copy(connections, arrivals.entry);
  write_map(map("arrivals"), 0, arrivals);
  if (run_once(object_, "ballast_admit") != 0) give_up("admitting connections");
  return read_map<abi::arrivals>(map("arrivals"), 0);
}

std::uint32_t PacketPath::move() { return run_once(object_, "ballast_move"); }

void PacketPath::clear() {
  const auto offset = read_map<abi::live>(map("live"), 0).slots_offset;
  for (const char* name : {"listeners", "services", "cursors", "rings", "maglev_tables", "chunks", "figures", "servers",
                           "server_traffic", "counters", "connections", "icmp_tokens", "capture_orders"}) {
    zero_array(map(name), processors_);
  }
  abi::live live{};
  live.slots_offset = offset;
  write_map(map("live"), 0, live);
  empty_hash<abi::service_key>(map("service_keys"));
  empty_hash<abi::fragment_key>(map("fragments"));
  empty_hash<abi::expected_call>(map("expected"));
  empty_hash<abi::destination_key>(map("destinations"));
  services_ = 0;
  members_.clear();
  settings = {};
  settings.abi = BALLAST_ABI;
  settings.flags = SETTING_NAT;
  settings.behaviour = BEHAVIOUR_REUSE_CLOSED | BEHAVIOUR_PATH_MTU;
  settings.connections_max = segments * SEGMENT_SLOTS / 2;
  settings.lease = ticks_now() + ticks(3600);
  settings.icmp_per_second = 1000;
  settings.segment_count = segments;
  settings.destination_expiry = ticks(24 * 3600);
  for (const auto& [state, seconds] : timeouts) settings.timeout[state] = ticks(seconds);
  for (const std::uint32_t interface : {ifindex_outside, ifindex_inside}) {
    settings.xdp_targets[interface / 64] |= std::uint64_t{1} << interface % 64;
  }
  apply_settings();
}

void PacketPath::apply_settings() { write_map(map("settings"), 0, settings); }

abi::capture_orders PacketPath::capture_orders() const {
  return read_map<abi::capture_orders>(map("capture_orders"), 0);
}
void PacketPath::set_capture_orders(const abi::capture_orders& value) { write_map(map("capture_orders"), 0, value); }
std::uint32_t PacketPath::capture_lease() const { return read_map<abi::settings>(map("settings"), 0).capture_lease; }

std::uint32_t PacketPath::add_service(const ServiceSpec& spec) {
  const std::uint32_t index = services_++;
  const Address virtual_address = address(spec.address);
  abi::service value{};
  const bool by_mark = spec.mark != 0;
  const auto key = by_mark ? mark_key(virtual_address, spec.mark) : key_of(virtual_address, spec.port, spec.protocol);
  value.address = key.address;
  value.port = key.port;
  value.protocol = key.protocol;
  value.mark = key.mark;
  value.scheduler = static_cast<std::uint8_t>(spec.scheduler);
  value.flags = spec.flags | (spec.persistence != 0 ? SERVICE_PERSISTENT : 0);
  value.persistence = ticks(spec.persistence);
  value.netmask = spec.netmask;
  value.first_chunk = index;
  value.mss_clamp = spec.mss_clamp;
  value.in_use = 1;
  write_map(map("services"), index, value);
  abi::chunk chunk{};
  chunk.next = CHUNK_NONE;
  write_map(map("chunks"), index, chunk);
  bpf_map_update_elem(map("service_keys"), &key, &index, BPF_ANY);
  if (!by_mark) add_address(index, virtual_address);
  members_.emplace_back();
  write_rings(index);
  return index;
}

void PacketPath::add_address(std::uint32_t service, const Address& address) {
  const auto entry = read_map<abi::service>(map("services"), service);
  const auto key = key_of(address, abi::port_from_abi(entry.port), entry.protocol), alone = key_of(address, 0, 0);
  const std::uint32_t mark = SERVICE_INDEX_ADDRESS;
  if (bpf_map_update_elem(map("service_keys"), &key, &service, BPF_ANY) != 0) give_up("adding a service's key");
  bpf_map_update_elem(map("service_keys"), &alone, &mark, BPF_ANY);
  auto line = read_map<abi::listener_line>(map("listeners"), 0);
  auto* const vacant = std::ranges::find(line.listener, 0u, &abi::listener::socket);
  if (vacant == std::ranges::end(line.listener)) return;
  *vacant = {key.address, abi::socket_of(key.port, key.protocol), service};
  write_map(map("listeners"), 0, line);
}

std::uint32_t PacketPath::add_server(std::uint32_t service, const ServerSpec& spec) {
  auto chunk = read_map<abi::chunk>(map("chunks"), service);
  const std::uint32_t index = service * CHUNK_MEMBERS + chunk.used;
  abi::member& member = chunk.member[chunk.used++];
  member = {spec.weight, 0, 0, chunk.used};
  ++chunk.changes;
  write_map(map("chunks"), service, chunk);

  const auto configured = read_map<abi::service>(map("services"), service);
  const bool service_ipv4 = abi::from_abi(configured.address).is_ipv4();
  const Address real = address(!spec.address.empty() ? spec.address : service_ipv4 ? "10.0.2.11" : "fd00:2::11");
  const Address tunnel_source = address(!spec.tunnel_source.empty() ? spec.tunnel_source
                                        : real.is_ipv4()            ? "10.0.2.1"
                                                                    : "fd00:2::1");
  abi::server value{};
  value.address = abi::to_abi(real);
  value.port = spec.port != 0 ? abi::port_to_abi(spec.port) : configured.port;
  value.method = static_cast<std::uint8_t>(spec.method);
  value.flags = SERVER_AVAILABLE | SERVER_ROUTED | SERVER_HOP | SERVER_HOP_XDP | (spec.local ? SERVER_LOCAL : 0);
  const bool ftp = configured.port == abi::port_to_abi(21) && spec.method == abi::FORWARD_NAT;
  value.flags |= ftp ? SERVER_FTP : 0;
  value.service = service;
  value.ifindex = ifindex_inside;
  std::memcpy(value.hop_mac, server_mac.data(), 6);
  std::memcpy(value.own_mac, inside_mac.data(), 6);
  value.mtu = spec.mtu;
  value.tunnel_type = static_cast<std::uint8_t>(spec.tunnel);
  value.tunnel_checksum = spec.tunnel_checksum ? abi::TUNNEL_CSUM : abi::TUNNEL_NOCSUM;
  value.tunnel_port = abi::port_to_abi(spec.tunnel_port);
  value.tunnel_source = abi::to_abi(tunnel_source);
  value.gateway = value.address;
  value.upper_threshold = spec.upper;
  value.lower_threshold = spec.lower;
  value.in_use = 1;
  value.last_weight = spec.weight;
  write_map(map("servers"), index, value);
  members_[service].push_back(index);
  write_rings(service);
  return index;
}

void PacketPath::add_replier(std::string_view text, std::uint16_t port, std::uint8_t protocol) {
  auto key = key_of(address(text), port, protocol);
  key.kind = KEY_REPLIER;
  const std::uint32_t value = 0;
  bpf_map_update_elem(map("service_keys"), &key, &value, BPF_ANY);
}

void PacketPath::set_weight(std::uint32_t server, std::int32_t weight) {
  const std::uint32_t service = server / CHUNK_MEMBERS;
  auto chunk = read_map<abi::chunk>(map("chunks"), service);
  chunk.member[server % CHUNK_MEMBERS].weight = weight;
  ++chunk.changes;
  write_map(map("chunks"), service, chunk);
  if (weight != 0) {
    auto entry = this->server(server);
    entry.last_weight = weight;
    set_server(server, entry);
  }
  write_rings(service);
}

/// The lines that the daemon writes for round robin and the buckets of hashes, and the numbers of weighted round robin.
void PacketPath::write_rings(std::uint32_t index) {
  const auto chunk = read_map<abi::chunk>(map("chunks"), index);
  auto value = read_map<abi::service>(map("services"), index);
  const auto weight_of = [&](std::uint32_t server) { return chunk.member[server % CHUNK_MEMBERS].weight; };
  const std::vector<std::uint32_t> newest_first(members_[index].rbegin(), members_[index].rend());
  std::int32_t divisor = 0, greatest = 0;
  std::vector<schedule::WeightedServer> weighted;
  std::vector<schedule::MaglevServer> keyed;
  for (const std::uint32_t server : newest_first) {
    const auto weight = weight_of(server);
    const auto entry = read_map<abi::server>(map("servers"), server);
    divisor = std::gcd(divisor, weight);
    greatest = std::max(greatest, weight);
    weighted.push_back({server, static_cast<std::uint32_t>(weight)});
    keyed.push_back({server, abi::from_abi(entry.address).ipv4_value() + abi::port_from_abi(entry.port),
                     static_cast<std::uint32_t>(entry.last_weight)});
  }
  const auto write_ring = [&](std::span<const std::uint32_t> slots, std::uint32_t first_line) {
    for (std::uint32_t line = 0; line * RING_LINE_SLOTS < slots.size(); ++line) {
      abi::ring_line out{};
      for (std::uint32_t i = 0; i < RING_LINE_SLOTS && line * RING_LINE_SLOTS + i < slots.size(); ++i) {
        out.server[i] = slots[line * RING_LINE_SLOTS + i];
      }
      write_map(map("rings"), first_line + line, out);
    }
    return static_cast<std::uint64_t>(first_line) << 32 | slots.size();
  };
  const std::uint32_t hash_line = index * chunk_lines + chunk_lines / 2;
  if (value.scheduler == abi::SCHEDULER_MH) {
    const auto slots = schedule::maglev_table(keyed);
    abi::maglev_table table{};
    std::ranges::copy(slots, table.server);
    write_map(map("maglev_tables"), index, table);
    value.ring_of_hash = static_cast<std::uint64_t>(index) << 32 | slots.size();
  } else {
    value.ring_of_hash = write_ring(value.scheduler == abi::SCHEDULER_DH ? schedule::destination_hash_table(weighted)
                                                                         : schedule::source_hash_table(weighted),
                                    hash_line);
  }
  value.ring = write_ring(newest_first, index * chunk_lines);
  value.weight_step = divisor == 0 ? 1 : divisor;
  value.weight_top = greatest == 0 ? 0 : greatest - (value.weight_step - 1);
  write_map(map("services"), index, value);
  // ip_vs_wrr_dest_changed(): the next pass begins at the head, at a weight that still can be.
  auto cursor = read_map<abi::cursor>(map("cursors"), index);
  auto current = static_cast<std::int32_t>(cursor.value);
  if (current > value.weight_top || current == 0) {
    current = value.weight_top;
  } else if (value.weight_step > 1) {
    current = (current - 1) / value.weight_step * value.weight_step + 1;
  }
  cursor.value = static_cast<std::uint32_t>(current);
  write_map(map("cursors"), index, cursor);
}

namespace {

std::uint32_t interface_of(Way way) {
  if (way == Way::marked) return ifindex_inside;
  return way == Way::leaving ? ifindex_outside : loopback;
}

/// 0: a packet of this machine's own sockets.
std::uint32_t came_in_by(Way way) {
  if (way == Way::marked) return ifindex_outside;
  return way == Way::in ? loopback : 0;
}

}  // namespace

Answer PacketPath::send(const Bytes& frame, const Arrival& arrival) {
  Answer answer;
  answer.frame.resize(8192);
  __sk_buff in{};
  in.ifindex = interface_of(arrival.way);
  in.ingress_ifindex = came_in_by(arrival.way);
  in.mark = arrival.mark;
  in.gso_segs = arrival.gso_segments;
  in.gso_size = arrival.gso_size;
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = frame.data();
  options.data_size_in = static_cast<std::uint32_t>(frame.size());
  options.data_out = answer.frame.data();
  options.data_size_out = static_cast<std::uint32_t>(answer.frame.size());
  if (hook_ == Hook::tc) {
    options.ctx_in = &in;
    options.ctx_size_in = sizeof in;
  }
  const int program = arrival.way == Way::in ? program_ : arrival.way == Way::leaving ? leaving_ : outgoing_;
  if (bpf_prog_test_run_opts(program, &options) != 0) {
    if (errno != EINVAL) give_up("running a program on " + to_hex(frame));
    answer.verdict = Verdict::refused;
    answer.frame = frame;
    return answer;
  }
  answer.frame.resize(options.data_size_out);
  answer.verdict = verdict_of(hook_, options.retval);
  return answer;
}

std::uint64_t PacketPath::counter(std::string_view name) const {
  std::vector<std::uint64_t> values(static_cast<std::size_t>(processors_) * COUNTER_SLOTS);
  const std::uint32_t key = 0;
  if (bpf_map_lookup_elem(map("counters"), &key, values.data()) != 0) give_up("reading the counters");
  for (std::size_t id = 0; id < std::size(counter_names); ++id) {
    if (name != counter_names[id]) continue;
    std::uint64_t sum = 0;
    for (std::size_t cpu = 0; cpu < static_cast<std::size_t>(processors_); ++cpu) {
      sum += values[cpu * COUNTER_SLOTS + id];
    }
    return sum;
  }
  ADD_FAILURE() << "there is no counter " << name;
  return 0;
}

std::string PacketPath::counters() const {
  std::string out;
  for (const char* name : counter_names) {
    if (const auto value = counter(name))
      out += (out.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(value);
  }
  return out;
}

std::pair<int, int> PacketPath::active_and_inactive(std::uint32_t server) const {
  const auto member = read_map<abi::chunk>(map("chunks"), server / CHUNK_MEMBERS).member[server % CHUNK_MEMBERS];
  return {member.active, member.inactive};
}

abi::traffic PacketPath::traffic(std::uint32_t server) const {
  std::vector<abi::traffic> values(static_cast<std::size_t>(processors_));
  if (bpf_map_lookup_elem(map("server_traffic"), &server, values.data()) != 0) give_up("reading a server's traffic");
  abi::traffic sum{};
  for (const auto& value : values) {
    sum.connections += value.connections;
    sum.packets_in += value.packets_in;
    sum.packets_out += value.packets_out;
    sum.bytes_in += value.bytes_in;
    sum.bytes_out += value.bytes_out;
  }
  return sum;
}

namespace {

/// Where a segment's header has the bound of its deadlines (bpf/maps.h).
constexpr std::size_t bound_offset = 20;

/// One value of the map: a spin lock and counters, then the slots; the size is a multiple of 8.
Bytes read_segment(int map, std::uint32_t number) {
  Bytes value((SEGMENT_BYTES + 7) / 8 * 8);
  if (bpf_map_lookup_elem(map, &number, value.data()) != 0) give_up("reading the connections");
  return value;
}

}  // namespace

std::vector<abi::connection> PacketPath::all_connections() const { return connections_of("connections", segments_); }

std::size_t PacketPath::previous_connections() const { return connections_of("connections_previous", segments).size(); }

std::vector<abi::connection> PacketPath::connections_of(const char* name, std::uint32_t count) const {
  const std::uint32_t offset = read_map<abi::live>(map("live"), 0).slots_offset;
  std::vector<abi::connection> out;
  for (std::uint32_t number = 0; number < count; ++number) {
    const Bytes value = read_segment(map(name), number);
    for (std::uint32_t slot = 0; slot < SEGMENT_SLOTS; ++slot) {
      abi::connection c{};
      std::memcpy(&c, value.data() + offset + slot * sizeof c, sizeof c);
      if (c.meta & META_LIVE) out.push_back(c);
    }
  }
  return out;
}

void PacketPath::end_connections(bool with_bounds) {
  const std::uint32_t offset = read_map<abi::live>(map("live"), 0).slots_offset;
  const std::uint32_t now = ticks_now();
  for (std::uint32_t number = 0; number < segments; ++number) {
    Bytes value = read_segment(map("connections"), number);
    if (with_bounds) std::memcpy(value.data() + bound_offset, &now, sizeof now);
    for (std::uint32_t slot = 0; slot < SEGMENT_SLOTS; ++slot) {
      std::uint8_t* at = value.data() + offset + slot * sizeof(abi::connection);
      std::memcpy(at + offsetof(abi::connection, deadline), &now, sizeof now);
    }
    if (bpf_map_update_elem(map("connections"), &number, value.data(), BPF_ANY) != 0) give_up("ending connections");
  }
}

std::uint64_t PacketPath::sweep_runs() const { return read_map<abi::live>(map("live"), 0).sweep_runs; }

void PacketPath::put_in_state(std::uint32_t state, bool replies_seen) {
  const std::uint32_t offset = read_map<abi::live>(map("live"), 0).slots_offset;
  const bool active = state == abi::STATE_ESTABLISHED || state == abi::STATE_SYN_SENT || state == abi::STATE_SYN_RECV ||
                      state == abi::STATE_SYNACK;
  for (std::uint32_t number = 0; number < segments; ++number) {
    Bytes value = read_segment(map("connections"), number);
    for (std::uint32_t slot = 0; slot < SEGMENT_SLOTS; ++slot) {
      abi::connection c{};
      std::uint8_t* at = value.data() + offset + slot * sizeof c;
      std::memcpy(&c, at, sizeof c);
      if (!(c.meta & META_LIVE)) continue;
      c.meta &= ~(META_STATE | META_INACTIVE | META_NO_OUTPUT);
      c.meta |= state << META_STATE_SHIFT | (active ? 0 : META_INACTIVE) | (replies_seen ? 0 : META_NO_OUTPUT);
      std::memcpy(at, &c, sizeof c);
      if (bpf_map_update_elem(map("connections"), &number, value.data(), BPF_ANY) != 0) give_up("writing a connection");
    }
  }
  auto chunk = read_map<abi::chunk>(map("chunks"), 0);
  chunk.member[0].active = active ? 1 : 0;
  chunk.member[0].inactive = active ? 0 : 1;
  ++chunk.changes;
  write_map(map("chunks"), 0, chunk);
}

std::pair<int, int> PacketPath::active_and_inactive_listed() const {
  std::pair<int, int> counts{0, 0};
  for (const auto& c : all_connections()) ++(c.meta & META_INACTIVE ? counts.second : counts.first);
  return counts;
}

std::size_t PacketPath::connections() const { return all_connections().size(); }

std::int64_t PacketPath::connections_counted() const { return read_map<abi::live>(map("live"), 0).connections; }

std::optional<abi::connection> PacketPath::connection(std::string_view client, std::uint16_t port) const {
  for (const auto& c : all_connections()) {
    if (abi::from_abi(c.client) == address(client) && abi::port_from_abi(c.client_port) == port) return c;
  }
  return std::nullopt;
}

abi::server PacketPath::server(std::uint32_t index) const { return read_map<abi::server>(map("servers"), index); }
void PacketPath::set_server(std::uint32_t index, const abi::server& value) { write_map(map("servers"), index, value); }
abi::service PacketPath::service(std::uint32_t index) const { return read_map<abi::service>(map("services"), index); }
void PacketPath::set_service(std::uint32_t index, const abi::service& value) {
  write_map(map("services"), index, value);
}

namespace {

/// Gives every value of a hash to `change` and writes it back.
template <typename Key, typename Value, typename Change>
void change_each(int map, Change change) {
  std::vector<Key> keys;
  Key key{};
  for (const Key* last = nullptr; bpf_map_get_next_key(map, last, &key) == 0; last = &keys.back()) keys.push_back(key);
  for (const auto& each : keys) {
    Value value{};
    if (bpf_map_lookup_elem(map, &each, &value) != 0) give_up("reading a hash");
    change(value);
    bpf_map_update_elem(map, &each, &value, BPF_ANY);
  }
}

}  // namespace

abi::figure PacketPath::figure(std::uint32_t server) const {
  return read_map<abi::figure_chunk>(map("figures"), server / CHUNK_MEMBERS).figure[server % CHUNK_MEMBERS];
}

void PacketPath::set_figure(std::uint32_t server, const abi::figure& value) {
  auto chunk = read_map<abi::figure_chunk>(map("figures"), server / CHUNK_MEMBERS);
  chunk.figure[server % CHUNK_MEMBERS] = value;
  write_map(map("figures"), server / CHUNK_MEMBERS, chunk);
}

std::uint32_t PacketPath::tick() { return ticks_now(); }
std::uint32_t PacketPath::ticks(std::int64_t seconds) { return abi::ticks(seconds * 1'000'000'000); }

void PacketPath::age_fragments(int seconds) {
  change_each<abi::fragment_key, abi::fragment_ports>(map("fragments"),
                                                      [&](auto& ports) { ports.tick -= ticks(seconds); });
}

void PacketPath::age_destinations(int unused, int unchanged) {
  change_each<abi::destination_key, abi::destination>(map("destinations"), [&](auto& destination) {
    destination.last_use -= ticks(unused);
    destination.last_change -= ticks(unchanged);
  });
}

void BothHooks::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "loading packet programs needs root";
  enter_network();
  path_ = &PacketPath::of(GetParam());
}

void BothHooks::expect_on(const Answer& answer, const Bytes& packet, const MacAddress& to, const MacAddress& from) {
  EXPECT_EQ(answer.verdict, Verdict::on) << path().counters();
  EXPECT_EQ(to_hex(answer.packet()), to_hex(packet)) << path().counters();
  if (!in_xdp()) return;
  EXPECT_EQ(to_hex(std::span(answer.frame).first(6)), to_hex(to));
  EXPECT_EQ(to_hex(std::span(answer.frame).subspan(6, 6)), to_hex(from));
}

void BothHooks::expect_untouched(const Bytes& frame, const Arrival& arrival) {
  const Answer answer = path().send(frame, arrival);
  EXPECT_EQ(answer.verdict, Verdict::pass) << path().counters();
  EXPECT_EQ(to_hex(answer.frame), to_hex(frame)) << path().counters();
}

std::string hook_name(const testing::TestParamInfo<Hook>& hook) { return hook.param == Hook::xdp ? "xdp" : "tc"; }

}  // namespace ballast::packet_test
