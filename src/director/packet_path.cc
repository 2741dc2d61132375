#include "director/packet_path.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "bpf/director_tc.skel.h"
#include "bpf/director_xdp.skel.h"
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

/// The maps that both programs share: by name in either object.
std::vector<bpf_map*> shared_maps(bpf_object* object) {
  std::vector<bpf_map*> maps;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (!bpf_map__is_internal(map)) maps.push_back(map);
  }
  return maps;
}

std::string pin_of(const std::string& directory, const char* map) { return fmt::format("{}/{}", directory, map); }

/// Reuses the map pinned under its name. False where there is no such pin.
Result<bool> reuse_pinned(bpf_map* map, const std::string& directory) {
  const Fd pinned(bpf_obj_get(pin_of(directory, bpf_map__name(map)).c_str()));
  if (!pinned) return false;
  if (bpf_map__reuse_fd(map, pinned.get()) != 0)
    return fail_errno(fmt::format("cannot reuse map {}", bpf_map__name(map)));
  return true;
}

void set_sizes(bpf_object* object, const Sizes& sizes) {
  const auto set = [object](const char* name, std::uint32_t entries) {
    bpf_map__set_max_entries(bpf_object__find_map_by_name(object, name), entries);
  };
  // Each key and its address, old ones beside the new ones for a moment; and repliers.
  set("service_keys", sizes.services * 4 + sizes.servers);
  set("services", sizes.services);
  set("cursors", sizes.services);
  set("service_traffic", sizes.services);
  set("rings", sizes.ring_lines());
  set("maglev_tables", sizes.maglev_tables());
  set("chunks", sizes.chunks());
  set("figures", sizes.chunks());
  set("servers", sizes.server_slots());
  set("server_traffic", sizes.server_slots());
  set("connections", sizes.segments());
}

template <typename Rodata>
void set_constants(Rodata& rodata, const Sizes& sizes, std::uint64_t hash_seed) {
  rodata.segment_count = sizes.segments();
  rodata.hash_seed = hash_seed;
  rodata.sweep_interval_ns = sweep_interval_nanoseconds;
  rodata.sweep_segments = (sizes.segments() + sweeps_per_second - 1) / sweeps_per_second;
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
  warn("connections", running.connections, wanted.connections);
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

  std::unique_ptr<PacketPath> path(new PacketPath);
  const auto pinned = pinned_settings(directory);
  path->adopted_ = pinned.has_value();
  if (pinned) {
    path->sizes_ = {pinned->connections_max, pinned->services_max, pinned->servers_max, pinned->mh_services_max};
    path->hash_seed_ = pinned->hash_seed;
    warn_of_other_sizes(path->sizes_, settings);
  } else {
    path->sizes_ = {settings.connections, settings.services, settings.servers, settings.mh_services};
    if (getrandom(&path->hash_seed_, sizeof path->hash_seed_, 0) != sizeof path->hash_seed_) {
      return fail_errno("cannot get a random number");
    }
    remove_pins_in(directory);
  }
  if (auto loaded = path->load(directory); !loaded) return std::unexpected(loaded.error());
  if (auto mapped = path->map_arrays(); !mapped) return std::unexpected(mapped.error());
  if (!path->adopted_) {
    abi::settings& fresh = path->settings[0];
    fresh.connections_max = path->sizes_.connections;
    fresh.services_max = path->sizes_.services;
    fresh.servers_max = path->sizes_.servers;
    fresh.mh_services_max = path->sizes_.mh_services;
    fresh.segment_count = path->sizes_.segments();
    fresh.hash_seed = path->hash_seed_;
    fresh.icmp_per_second = 1000;
    publish(fresh.abi, BALLAST_ABI);
  }
  if (auto started = path->start_sweep(); !started) return std::unexpected(started.error());
  return path;
}

Result<void> PacketPath::load(const std::string& directory) {
  libbpf_words().clear();
  xdp_.reset(director_xdp_bpf__open());
  tc_.reset(director_tc_bpf__open());
  if (!xdp_ || !tc_) return fail_errno("cannot open the built-in BPF objects");
  bpf_program__set_autoload(xdp_->progs.ballast_sweep, false);
  set_sizes(xdp_->obj, sizes_);
  set_constants(*xdp_->rodata, sizes_, hash_seed_);
  set_constants(*tc_->rodata, sizes_, hash_seed_);
  if (adopted_) {
    for (bpf_map* map : shared_maps(xdp_->obj)) {
      auto reused = reuse_pinned(map, directory);
      if (!reused) return std::unexpected(reused.error());
    }
  }
  if (const int code = director_xdp_bpf__load(xdp_.get()); code != 0) return std::unexpected(load_error("XDP", -code));
  for (bpf_map* map : shared_maps(xdp_->obj)) {
    bpf_map* twin = bpf_object__find_map_by_name(tc_->obj, bpf_map__name(map));
    if (twin != nullptr && bpf_map__reuse_fd(twin, bpf_map__fd(map)) != 0) return fail_errno("cannot share a map");
  }
  if (const int code = director_tc_bpf__load(tc_.get()); code != 0) return std::unexpected(load_error("TC", -code));
  if (adopted_) return {};
  for (bpf_map* map : shared_maps(xdp_->obj)) {
    const std::string pin = pin_of(directory, bpf_map__name(map));
    if (bpf_obj_pin(bpf_map__fd(map), pin.c_str()) != 0) return fail_errno(fmt::format("cannot pin {}", pin));
  }
  return {};
}

Result<void> PacketPath::map_arrays() {
  const auto open_array = [](auto& array, const bpf_map* map) -> Result<void> {
    auto opened = std::remove_reference_t<decltype(array)>::open(bpf_map__fd(map), bpf_map__max_entries(map));
    if (!opened) return std::unexpected(opened.error());
    array = std::move(*opened);
    return {};
  };
  const auto& maps = xdp_->maps;
  for (auto opened :
       {open_array(settings, maps.settings), open_array(live, maps.live), open_array(services, maps.services),
        open_array(cursors, maps.cursors), open_array(rings, maps.rings), open_array(maglev_tables, maps.maglev_tables),
        open_array(chunks, maps.chunks), open_array(figures, maps.figures), open_array(servers, maps.servers),
        open_array(service_traffic, maps.service_traffic)}) {
    if (!opened) return opened;
  }
  return {};
}

Result<void> PacketPath::start_sweep() const {
  char frame[64] = {};
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame;
  run.data_size_in = sizeof frame;
  const int code = bpf_prog_test_run_opts(bpf_program__fd(tc_->progs.ballast_sweep), &run);
  if (code != 0 || run.retval != 0) {
    return fail(fmt::format("cannot start the timer that expires connections (code {}, {})", code, run.retval), EIO);
  }
  return {};
}

int PacketPath::xdp_program() const { return bpf_program__fd(xdp_->progs.ballast_director); }
int PacketPath::tc_program() const { return bpf_program__fd(tc_->progs.ballast_director); }
int PacketPath::local_reply_program() const { return bpf_program__fd(tc_->progs.ballast_local_reply); }
int PacketPath::outgoing_program() const { return bpf_program__fd(tc_->progs.ballast_outgoing); }
int PacketPath::service_keys_map() const { return bpf_map__fd(xdp_->maps.service_keys); }
int PacketPath::server_traffic_map() const { return bpf_map__fd(xdp_->maps.server_traffic); }
int PacketPath::counters_map() const { return bpf_map__fd(xdp_->maps.counters); }
int PacketPath::connections_map() const { return bpf_map__fd(xdp_->maps.connections); }

}  // namespace ballast::director
