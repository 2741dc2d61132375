#include "director/packet_path.h"
#include "director/objects.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "director/bpffs.h"

namespace ballast::director {
namespace {

constexpr std::uint32_t sweep_interval_nanoseconds = 10'000'000;
constexpr std::uint32_t sweeps_per_second = 1'000'000'000 / sweep_interval_nanoseconds;

/// What libbpf said while a program was loaded: the verifier's log and libbpf's own warnings.
std::string& libbpf_words() {
  static std::string words;
  return words;
}

int keep_words(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  char text[8192];
  std::vsnprintf(text, sizeof text, format, arguments);
  libbpf_words() += text;
  return 0;
}

/// The last lines that say something, joined to one.
std::string last_words() {
  std::vector<std::string> lines;
  std::string line;
  for (const char c : libbpf_words() + '\n') {
    if (c != '\n') {
      line += c;
      continue;
    }
    const bool empty_talk = line.empty() || line.starts_with("-- ") ||
                            line.starts_with("libbpf: failed to load object") || line.starts_with("processed ");
    if (!empty_talk) lines.push_back(line);
    line.clear();
  }
  std::string joined;
  for (std::size_t i = lines.size() > 4 ? lines.size() - 4 : 0; i < lines.size(); ++i) {
    joined += (joined.empty() ? "" : " | ") + lines[i];
  }
  return joined;
}

/// A map that both programs share: in the XDP and in the TC object (null where that has none). The name is that of the
/// source: libbpf gives a map that takes over a pinned one its name.
struct SharedMap {
  std::string name;
  bpf_map* xdp = nullptr;
  bpf_map* tc = nullptr;
};

std::vector<SharedMap> shared_maps(const bpf_object* xdp, const bpf_object* tc) {
  std::vector<SharedMap> maps;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, xdp) {
    const auto name = shared_name(map);
    if (!name.empty()) maps.push_back({std::string(name), map, bpf_object__find_map_by_name(tc, bpf_map__name(map))});
  }
  return maps;
}

constexpr std::string_view table_pin = "connections";
constexpr std::string_view next_table_pin = "connections_next";

std::string pin_of(const std::string& directory, std::string_view map) { return fmt::format("{}/{}", directory, map); }

/// The pin of a map of the programs for these tables.
std::string pin_of(const std::string& directory, std::string_view name, const Tables& tables) {
  if (name == "connections" && tables.next_pinned) return pin_of(directory, next_table_pin);
  if (name == "connections_previous" && tables.previous != 0) return pin_of(directory, table_pin);
  return pin_of(directory, name);
}

std::uint32_t entries_of_pinned(const std::string& pin) {
  const Fd map(bpf_obj_get(pin.c_str()));
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  return map && bpf_obj_get_info_by_fd(map.get(), &info, &length) == 0 ? info.max_entries : 0;
}

/// The tables of a pinned packet path. One that a daemon left while it grew still does.
Tables pinned_tables(const std::string& directory) {
  const std::uint32_t table = entries_of_pinned(pin_of(directory, table_pin));
  const std::uint32_t next = entries_of_pinned(pin_of(directory, next_table_pin));
  return next == 0 ? Tables{.segments = table} : Tables{.segments = next, .previous = table, .next_pinned = true};
}

/// Reuses the map that is pinned. False where there is no such pin.
Result<bool> reuse_pinned(bpf_map* map, const std::string& pin) {
  const Fd pinned(bpf_obj_get(pin.c_str()));
  if (!pinned) return false;
  if (bpf_map__reuse_fd(map, pinned.get()) != 0) return fail_errno(fmt::format("cannot reuse map {}", pin));
  return true;
}

void set_sizes(bpf_object* object, const Sizes& sizes, const Tables& tables) {
  const auto set = [object](const char* name, std::uint32_t entries) {
    bpf_map__set_max_entries(bpf_object__find_map_by_name(object, name), entries);
  };
  // Each key and its address, old ones beside the new ones for a moment; and repliers.
  set("service_keys", sizes.services * 4 + sizes.servers);
  set("listeners", sizes.listener_lines());
  set("services", sizes.services);
  set("cursors", sizes.services);
  set("service_traffic", sizes.services);
  set("rings", sizes.ring_lines());
  set("maglev_tables", sizes.maglev_tables());
  set("chunks", sizes.chunks());
  set("figures", sizes.chunks());
  set("servers", sizes.server_slots());
  set("server_traffic", sizes.server_slots());
  set("connections", tables.segments);
}

template <typename Rodata>
void set_constants(Rodata& rodata, const Sizes& sizes, const Tables& tables, std::uint64_t hash_seed) {
  rodata.segment_count = tables.segments;
  rodata.previous_segment_count = tables.previous;
  rodata.hash_seed = hash_seed;
  rodata.listener_line_count = sizes.listener_lines();
  rodata.sweep_interval_ns = sweep_interval_nanoseconds;
  rodata.sweep_segments = (tables.segments + tables.previous + sweeps_per_second - 1) / sweeps_per_second;
}

/// The settings of a pinned packet path; nullopt where there is none or it is of another layout.
std::optional<abi::settings> pinned_settings(const std::string& directory) {
  const Fd map(bpf_obj_get(pin_of(directory, "settings").c_str()));
  if (!map) return std::nullopt;
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  const std::uint32_t key = 0;
  abi::settings settings{};
  if (bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0 || info.value_size != sizeof settings ||
      bpf_map_lookup_elem(map.get(), &key, &settings) != 0 || settings.abi != BALLAST_ABI ||
      settings.segment_count == 0) {
    log::warning("{} holds the packet path of another version: it is replaced, and its connections are lost",
                 directory);
    return std::nullopt;
  }
  return settings;
}

void warn_of_other_sizes(const Sizes& running, const cluster::DirectorSettings& wanted) {
  const auto warn = [](const char* name, std::uint32_t now, std::uint32_t then) {
    if (now == then) return;
    log::warning(
        "director.{} is {}, but the running packet path was made for {}, which stays until it is taken down (ballast "
        "stop)",
        name, then, now);
  };
  if (wanted.connections < running.connections) warn("connections", running.connections, wanted.connections);
  warn("services", running.services, wanted.services);
  warn("servers", running.servers, wanted.servers);
  warn("mh_services", running.mh_services, wanted.mh_services);
}

Error load_error(const char* hook, int code) {
  const std::string words = last_words();
  if (code == EPERM) {
    return {"no permission to load BPF programs: run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON", code};
  }
  return {fmt::format("the kernel does not load the {} program ({}); it needs Linux 6.1 or newer with BPF and BTF: {}",
                      hook, std::strerror(code), words),
          code};
}

}  // namespace

void PacketPath::Unload::operator()(director_xdp_bpf* object) const { director_xdp_bpf__destroy(object); }
void PacketPath::Unload::operator()(director_tc_bpf* object) const { director_tc_bpf__destroy(object); }

PacketPath::~PacketPath() = default;

Result<std::unique_ptr<PacketPath>> PacketPath::open(const std::string& directory,
                                                     const cluster::DirectorSettings& settings) {
  libbpf_set_print(keep_words);
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);

  std::unique_ptr<PacketPath> path(new PacketPath(directory));
  Tables tables;
  const auto pinned = pinned_settings(directory);
  path->adopted_ = pinned.has_value();
  if (pinned) {
    path->sizes_ = {pinned->connections_max, pinned->services_max, pinned->servers_max, pinned->mh_services_max};
    path->hash_seed_ = pinned->hash_seed;
    tables = pinned_tables(directory);
    warn_of_other_sizes(path->sizes_, settings);
  } else {
    path->sizes_ = {settings.connections, settings.services, settings.servers, settings.mh_services};
    tables.segments = segments_for(settings.connections);
    if (getrandom(&path->hash_seed_, sizeof path->hash_seed_, 0) != sizeof path->hash_seed_) {
      return fail_errno("cannot get a random number");
    }
    remove_pins_in(directory);
  }
  if (auto loaded = path->load(tables); !loaded) return std::unexpected(loaded.error());
  if (auto mapped = path->map_arrays(); !mapped) return std::unexpected(mapped.error());
  if (!path->adopted_) {
    abi::settings& fresh = path->settings[0];
    fresh.services_max = path->sizes_.services;
    fresh.servers_max = path->sizes_.servers;
    fresh.mh_services_max = path->sizes_.mh_services;
    fresh.hash_seed = path->hash_seed_;
    fresh.icmp_per_second = 1000;
    path->set_capacity(path->sizes_.connections);
    publish(fresh.abi, BALLAST_ABI);
  }
  if (auto started = path->start_sweep(); !started) return std::unexpected(started.error());
  return path;
}

Result<void> PacketPath::load(const Tables& tables) {
  libbpf_words().clear();
  std::unique_ptr<director_xdp_bpf, Unload> xdp(director_xdp_bpf__open());
  std::unique_ptr<director_tc_bpf, Unload> tc(director_tc_bpf__open());
  if (!xdp || !tc) return fail_errno("cannot open the built-in BPF objects");
  bpf_program__set_autoload(xdp->progs.ballast_sweep, false);
  bpf_program__set_autoload(xdp->progs.ballast_move, false);
  bpf_program__set_autoload(xdp->progs.ballast_admit, false);
  set_sizes(xdp->obj, sizes_, tables);
  set_constants(*xdp->rodata, sizes_, tables, hash_seed_);
  set_constants(*tc->rodata, sizes_, tables, hash_seed_);
  const auto shared = shared_maps(xdp->obj, tc->obj);
  std::vector<SharedMap> made;
  for (const auto& map : shared) {
    auto reused = reuse_pinned(map.xdp, pin_of(directory_, map.name, tables));
    if (!reused) return std::unexpected(reused.error());
    if (!*reused) made.push_back(map);
  }
  if (const int code = director_xdp_bpf__load(xdp.get()); code != 0) return std::unexpected(load_error("XDP", -code));
  for (const auto& map : shared) {
    if (map.tc != nullptr && bpf_map__reuse_fd(map.tc, bpf_map__fd(map.xdp)) != 0)
      return fail_errno("cannot share a map");
  }
  if (const int code = director_tc_bpf__load(tc.get()); code != 0) return std::unexpected(load_error("TC", -code));
  for (const auto& map : made) {
    const std::string pin = pin_of(directory_, map.name, tables);
    if (bpf_obj_pin(bpf_map__fd(map.xdp), pin.c_str()) != 0) return fail_errno(fmt::format("cannot pin {}", pin));
  }
  xdp_ = std::move(xdp);
  tc_ = std::move(tc);
  tables_ = tables;
  return {};
}

Result<void> PacketPath::use_tables(const Tables& tables) {
  if (auto loaded = load(tables); !loaded) return loaded;
  return start_sweep();
}

Result<void> PacketPath::rename_next_table() {
  const std::string next = pin_of(directory_, next_table_pin);
  if (std::rename(next.c_str(), pin_of(directory_, table_pin).c_str()) != 0) {
    return fail_errno(fmt::format("cannot rename {}", next));
  }
  tables_.next_pinned = false;
  return {};
}

void PacketPath::set_capacity(std::uint32_t connections) {
  sizes_.connections = connections;
  publish(settings[0].segment_count, tables_.segments);
  publish(settings[0].connections_max, connections);
}

Result<void> PacketPath::map_arrays() {
  const auto open_array = [](auto& array, const bpf_map* map) -> Result<void> {
    auto opened = std::remove_reference_t<decltype(array)>::open(bpf_map__fd(map), bpf_map__max_entries(map));
    if (!opened) return std::unexpected(opened.error());
    array = std::move(*opened);
    return {};
  };
  const auto& maps = xdp_->maps;
  for (auto opened : {open_array(settings, maps.data_settings), open_array(live, maps.data_live),
                      open_array(arrivals, maps.data_arrivals), open_array(listeners, maps.listeners),
                      open_array(services, maps.services), open_array(cursors, maps.cursors),
                      open_array(rings, maps.rings), open_array(maglev_tables, maps.maglev_tables),
                      open_array(chunks, maps.chunks), open_array(figures, maps.figures),
                      open_array(servers, maps.servers), open_array(service_traffic, maps.service_traffic)}) {
    if (!opened) return opened;
  }
  return {};
}

int run_once(int program) {
  char frame[64] = {};
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame;
  run.data_size_in = sizeof frame;
  return bpf_prog_test_run_opts(program, &run) == 0 ? static_cast<int>(run.retval) : -1;
}

Result<void> PacketPath::start_sweep() const {
  // The kernel allocates a timer without waiting for memory or for a lock (bpf_timer_init), which fails now and then.
  constexpr int attempts = 100;
  int code = 0;
  for (int i = 0; i < attempts; ++i) {
    code = run_once(bpf_program__fd(tc_->progs.ballast_sweep));
    if (code == 0) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return fail(fmt::format("cannot start the timer that expires connections (code {})", code), EIO);
}

int PacketPath::xdp_program() const { return bpf_program__fd(xdp_->progs.ballast_director); }
int PacketPath::tc_program() const { return bpf_program__fd(tc_->progs.ballast_director); }
int PacketPath::leaving_program() const { return bpf_program__fd(tc_->progs.ballast_leaving); }
int PacketPath::outgoing_program() const { return bpf_program__fd(tc_->progs.ballast_outgoing); }
int PacketPath::service_keys_map() const { return bpf_map__fd(xdp_->maps.service_keys); }
int PacketPath::server_traffic_map() const { return bpf_map__fd(xdp_->maps.server_traffic); }
int PacketPath::admit_program() const { return bpf_program__fd(tc_->progs.ballast_admit); }
int PacketPath::changes_map() const { return bpf_map__fd(xdp_->maps.changes); }
int PacketPath::ways_map() const { return bpf_map__fd(xdp_->maps.ways); }
int PacketPath::counters_map() const { return bpf_map__fd(xdp_->maps.counters); }
int PacketPath::move_program() const { return bpf_program__fd(tc_->progs.ballast_move); }
int PacketPath::previous_connections_map() const { return bpf_map__fd(xdp_->maps.connections_previous); }
int PacketPath::connections_map() const { return bpf_map__fd(xdp_->maps.connections); }

}  // namespace ballast::director
