#include "explain/copy.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

#include "base/fd.h"
#include "bpf/counters.h"
#include "director/objects.h"
#include "director/running_pins.h"

namespace ballast::explain {
namespace {

using capture::Bytes;

constexpr const char* table = "connections";
/// As many segments of it as a packet can touch, and more.
constexpr std::uint32_t table_segments = 16;
/// Room for what a program makes of a frame.
constexpr std::size_t frame_room = 16384;
constexpr std::uint32_t no_service = 0xffffffff;

std::string pin_of(const std::string& directory, std::string_view map) { return fmt::format("{}/{}", directory, map); }

Fd open_pin(const std::string& directory, std::string_view map) {
  struct bpf_obj_get_opts options{};
  options.sz = sizeof options;
  options.file_flags = BPF_F_RDONLY;
  return Fd(bpf_obj_get_opts(pin_of(directory, map).c_str(), &options));
}

bpf_map_info info_of(int map) {
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(map, &info, &length) != 0) info = {};
  return info;
}

std::vector<bpf_map*> maps_of(bpf_object* object) {
  std::vector<bpf_map*> maps;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (!director::shared_name(map).empty()) maps.push_back(map);
  }
  return maps;
}

bool is_table(const bpf_map* map) { return std::string_view(bpf_map__name(map)) == table; }
bool is_mapped_array(const bpf_map* map) {
  return bpf_map__type(map) == BPF_MAP_TYPE_ARRAY && (bpf_map__map_flags(map) & BPF_F_MMAPABLE) != 0;
}
bool is_hash(const bpf_map* map) {
  return !is_table(map) && (bpf_map__type(map) == BPF_MAP_TYPE_HASH || bpf_map__type(map) == BPF_MAP_TYPE_LRU_HASH);
}

Result<void> copy_array(int from, int to, std::size_t bytes) {
  void* source = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, from, 0);
  void* target = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);
  const bool mapped = source != MAP_FAILED && target != MAP_FAILED;
  if (mapped) std::memcpy(target, source, bytes);
  const int code = errno;
  if (source != MAP_FAILED) munmap(source, bytes);
  if (target != MAP_FAILED) munmap(target, bytes);
  if (!mapped) return fail_errno("cannot map a BPF array into memory", code);
  return {};
}

std::vector<Bytes> keys_of(int map, std::size_t key_size) {
  std::vector<Bytes> keys;
  Bytes next(key_size);
  while (bpf_map_get_next_key(map, keys.empty() ? nullptr : keys.back().data(), next.data()) == 0) keys.push_back(next);
  return keys;
}

Result<void> copy_hash(int from, int to, const bpf_map_info& info) {
  for (const Bytes& key : keys_of(to, info.key_size)) bpf_map_delete_elem(to, key.data());
  Bytes value(info.value_size);
  for (const Bytes& key : keys_of(from, info.key_size)) {
    if (bpf_map_lookup_elem(from, key.data(), value.data()) != 0) continue;  // removed meanwhile
    if (bpf_map_update_elem(to, key.data(), value.data(), BPF_ANY) != 0) return fail_errno("cannot copy a BPF map");
  }
  return {};
}

Result<void> copy_contents(const std::string& directory, const bpf_map* to) {
  // The kernel maps only what is open for writing too, but this process can read that memory only.
  const Fd from = is_mapped_array(to) ? Fd(bpf_obj_get(pin_of(directory, director::shared_name(to)).c_str()))
                                      : open_pin(directory, director::shared_name(to));
  if (!from) return fail("the packet path was taken down", ENOENT);
  const auto info = info_of(from.get());
  return is_mapped_array(to) ? copy_array(from.get(), bpf_map__fd(to), std::size_t{info.value_size} * info.max_entries)
                             : copy_hash(from.get(), bpf_map__fd(to), info);
}

/// The values of all processors in element 0 of a map.
template <typename Value>
std::vector<Value> of_all_processors(int map) {
  std::vector<Value> values(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const std::uint32_t key = 0;
  if (bpf_map_lookup_elem(map, &key, values.data()) != 0) values.clear();
  return values;
}

template <typename Value>
void set_on_all_processors(int map, const Value& value) {
  const std::vector<Value> values(static_cast<std::size_t>(libbpf_num_possible_cpus()), value);
  const std::uint32_t key = 0;
  bpf_map_update_elem(map, &key, values.data(), BPF_ANY);
}

struct CounterValues {
  std::uint64_t value[COUNTER_SLOTS];
};

Error load_error(const char* hook, int code) {
  if (code == EPERM) {
    return {"no permission to load BPF programs: run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON", code};
  }
  return {fmt::format("the kernel does not load a copy of the {} program: {}", hook, std::strerror(code)), code};
}

}  // namespace

void Copy::Unload::operator()(director_xdp_bpf* object) const { director_xdp_bpf__destroy(object); }
void Copy::Unload::operator()(director_tc_bpf* object) const { director_tc_bpf__destroy(object); }

Copy::~Copy() = default;

Result<std::unique_ptr<Copy>> Copy::of(const std::string& directory) {
  libbpf_set_print(nullptr);
  std::unique_ptr<Copy> copy(new Copy(directory));
  const Fd pin = open_pin(directory, "settings");
  const std::uint32_t key = 0;
  abi::settings running{};
  if (!pin || bpf_map_lookup_elem(pin.get(), &key, &running) != 0) return fail_errno(directory + "/settings");
  copy->hash_seed_ = running.hash_seed;
  copy->segment_count_ = running.segment_count;
  if (auto loaded = copy->load(); !loaded) return std::unexpected(loaded.error());
  if (auto mapped = copy->map_arrays(); !mapped) return std::unexpected(mapped.error());
  return copy;
}

/// What is copied gets the size of what runs, the table becomes a hash table; what programs keep for a moment only is
/// as small as it can be.
Result<void> Copy::shape(bpf_map* map) const {
  if (is_table(map)) {
    bpf_map__set_type(map, BPF_MAP_TYPE_HASH);
    bpf_map__set_max_entries(map, table_segments);
    return {};
  }
  if (!is_mapped_array(map) && !is_hash(map)) return {};
  const Fd pin = open_pin(directory_, director::shared_name(map));
  const auto info = info_of(pin.get());
  if (!pin || info.value_size != bpf_map__value_size(map) || info.key_size != bpf_map__key_size(map)) {
    return director::of_another_version();
  }
  bpf_map__set_max_entries(map, info.max_entries);
  return {};
}

Result<void> Copy::load() {
  xdp_.reset(director_xdp_bpf__open());
  tc_.reset(director_tc_bpf__open());
  if (!xdp_ || !tc_) return fail_errno("cannot open the built-in BPF objects");
  bpf_program__set_autoload(xdp_->progs.ballast_sweep, false);
  bpf_program__set_autoload(tc_->progs.ballast_sweep, false);
  bpf_program__set_autoload(xdp_->progs.ballast_admit, false);
  bpf_program__set_autoload(tc_->progs.ballast_admit, false);
  xdp_->rodata->segment_count = tc_->rodata->segment_count = segment_count_;
  xdp_->rodata->hash_seed = tc_->rodata->hash_seed = hash_seed_;
  for (bpf_map* map : maps_of(xdp_->obj)) {
    if (auto shaped = shape(map); !shaped) return shaped;
  }
  if (const int code = director_xdp_bpf__load(xdp_.get()); code != 0) return std::unexpected(load_error("XDP", -code));
  for (const bpf_map* map : maps_of(xdp_->obj)) {
    bpf_map* twin = bpf_object__find_map_by_name(tc_->obj, bpf_map__name(map));
    if (twin != nullptr && bpf_map__reuse_fd(twin, bpf_map__fd(map)) != 0) return fail_errno("cannot share a map");
  }
  if (const int code = director_tc_bpf__load(tc_.get()); code != 0) return std::unexpected(load_error("TC", -code));
  return {};
}

Result<void> Copy::map_arrays() {
  const auto open_array = [](auto& array, const bpf_map* map) -> Result<void> {
    auto opened = std::remove_reference_t<decltype(array)>::open(bpf_map__fd(map), bpf_map__max_entries(map));
    if (!opened) return std::unexpected(opened.error());
    array = std::move(*opened);
    return {};
  };
  const auto& maps = xdp_->maps;
  for (auto opened :
       {open_array(settings, maps.data_settings), open_array(live, maps.data_live), open_array(services, maps.services),
        open_array(chunks, maps.chunks), open_array(servers, maps.servers)}) {
    if (!opened) return opened;
  }
  return {};
}

void Copy::include(std::uint64_t hash) { hashes_.push_back(hash); }

Result<void> Copy::refresh() {
  for (const bpf_map* map : maps_of(xdp_->obj)) {
    if (!is_mapped_array(map) && !is_hash(map)) continue;
    if (auto copied = copy_contents(directory_, map); !copied) return copied;
  }
  settings[0].capture_lease = 0;
  std::ranges::fill(settings[0].own_macs, 0);  // the packet is for this machine, whatever its frame says
  return copy_segments();
}

Result<void> Copy::copy_segments() const {
  const Fd pin = open_pin(directory_, table);
  if (!pin) return fail("the packet path was taken down", ENOENT);
  Bytes segment(SEGMENT_BYTES);
  for (const std::uint64_t hash : hashes_) {
    const std::uint32_t number = segment_of(hash);
    if (bpf_map_lookup_elem(pin.get(), &number, segment.data()) != 0 ||
        bpf_map_update_elem(map(table), &number, segment.data(), BPF_ANY) != 0) {
      return fail_errno("cannot copy the connection table");
    }
  }
  return {};
}

int Copy::map(const char* name) const { return bpf_object__find_map_fd_by_name(xdp_->obj, name); }

abi::capture_hook hook_of(Program program) {
  if (program == Program::xdp) return abi::CAPTURE_XDP;
  return program == Program::tc ? abi::CAPTURE_TC_INGRESS : abi::CAPTURE_TC_EGRESS;
}

int Copy::descriptor(Program program) const {
  switch (program) {
    case Program::xdp:
      return bpf_program__fd(xdp_->progs.ballast_director);
    case Program::tc:
      return bpf_program__fd(tc_->progs.ballast_director);
    case Program::leaving:
      return bpf_program__fd(tc_->progs.ballast_leaving);
    case Program::outgoing:
      return bpf_program__fd(tc_->progs.ballast_outgoing);
  }
  return -1;
}

void Copy::forget_last_run() const {
  set_on_all_processors(map("counters"), CounterValues{});
  abi::newborn nothing{};
  nothing.service = no_service;
  set_on_all_processors(map("newborns"), nothing);
}

std::uint64_t Copy::counters_raised() const {
  std::uint64_t bits = 0;
  for (const auto& values : of_all_processors<CounterValues>(map("counters"))) {
    for (std::size_t i = 0; i < COUNTER_SLOTS; ++i) bits |= std::uint64_t{values.value[i] != 0} << i;
  }
  return bits;
}

Result<capture::Run> Copy::run(Program program, const Bytes& frame, const Arrival& arrival) {
  forget_last_run();
  const bool in_xdp = program == Program::xdp;
  capture::Run run;
  run.left.resize(frame_room);
  xdp_md xdp{};
  xdp.data_end = static_cast<std::uint32_t>(frame.size());
  xdp.ingress_ifindex = arrival.interface_index;
  __sk_buff skb{};
  skb.ifindex = arrival.interface_index;
  skb.ingress_ifindex = arrival.came_in_by;
  skb.mark = arrival.mark;
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = frame.data();
  options.data_size_in = static_cast<std::uint32_t>(frame.size());
  options.data_out = run.left.data();
  options.data_size_out = static_cast<std::uint32_t>(run.left.size());
  options.ctx_in = in_xdp ? static_cast<void*>(&xdp) : &skb;
  options.ctx_size_in = in_xdp ? sizeof xdp : sizeof skb;
  if (bpf_prog_test_run_opts(descriptor(program), &options) != 0) {
    return fail_errno(
        fmt::format("the kernel does not run the {} program on this packet", capture::hook_title(hook_of(program))));
  }
  run.left.resize(options.data_size_out);
  auto& record = run.record;
  record.counters = counters_raised();
  record.interface_index = arrival.interface_index;
  record.verdict = static_cast<std::int32_t>(options.retval);
  record.length_in = static_cast<std::uint32_t>(frame.size());
  record.length_out = static_cast<std::uint32_t>(run.left.size());
  record.head_length = std::min<std::uint32_t>(record.length_in, CAPTURE_HEAD);
  record.captured = record.length_out;
  record.hook = hook_of(program);
  std::copy_n(frame.begin(), record.head_length, record.head);
  return run;
}

std::optional<abi::newborn> Copy::newborn() const {
  for (const auto& born : of_all_processors<abi::newborn>(map("newborns"))) {
    if (born.service != no_service) return born;
  }
  return std::nullopt;
}

std::uint64_t Copy::hash_of(const abi::address& client, __be16 port, std::uint8_t protocol) const {
  return abi::keyed_hash(hash_seed_, &client, port, protocol);
}

std::uint32_t Copy::segment_of(std::uint64_t hash) const { return abi::segment_among(segment_count_, hash); }

std::vector<abi::connection> Copy::entries(std::uint64_t hash) const {
  Bytes segment(SEGMENT_BYTES);
  const std::uint32_t number = segment_of(hash);
  std::vector<abi::connection> found;
  if (bpf_map_lookup_elem(map(table), &number, segment.data()) != 0) return found;
  for (std::size_t slot = 0; slot < SEGMENT_SLOTS; ++slot) {
    abi::connection entry;
    std::memcpy(&entry, segment.data() + live[0].slots_offset + slot * sizeof entry, sizeof entry);
    if ((entry.meta & META_LIVE) != 0 && entry.server < servers.size()) found.push_back(entry);
  }
  return found;
}

std::optional<std::uint32_t> Copy::service(const abi::service_key& key) const {
  std::uint32_t index = 0;
  if (bpf_map_lookup_elem(map("service_keys"), &key, &index) != 0) return std::nullopt;
  return index;
}

}  // namespace ballast::explain
