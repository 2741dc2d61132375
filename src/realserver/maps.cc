#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "realserver/counter_names.h"
#include "realserver/programs.h"

namespace ballast::realserver {
namespace {

realserver_address key_of(const net::Address& address) {
  realserver_address key{};
  std::memcpy(key.bytes, address.bytes().data(), sizeof key.bytes);
  return key;
}

net::Address address_of(const realserver_address& key) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), key.bytes, bytes.size());
  return net::Address::from_bytes(bytes);
}

std::vector<realserver_address> keys(int map) {
  std::vector<realserver_address> all;
  realserver_address key{};
  const void* previous = nullptr;
  while (bpf_map_get_next_key(map, previous, &key) == 0) {
    all.push_back(key);
    previous = &all.back();
    if (all.size() > REALSERVER_MAX_VIPS + REALSERVER_MAX_LOCAL_ADDRESSES) break;
  }
  return all;
}

Result<void> put(int map, const net::Address& address, const void* value) {
  const auto key = key_of(address);
  if (bpf_map_update_elem(map, &key, value, BPF_ANY) == 0) return {};
  if (errno == E2BIG) return fail(fmt::format("no room for {}: the map is full", address.to_string()), E2BIG);
  return fail_errno(fmt::format("cannot tell the packet program about {}", address.to_string()));
}

/// The program's map of that name, if it is the one behind `id`.
struct NamedMap {
  Fd fd;
  std::string name;
};

std::optional<NamedMap> open_map(std::uint32_t id) {
  Fd fd(bpf_map_get_fd_by_id(id));
  if (!fd) return std::nullopt;
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) return std::nullopt;
  return NamedMap{std::move(fd), info.name};
}

}  // namespace

Result<Maps> Maps::of_program(std::uint32_t program_id) {
  const Fd program(bpf_prog_get_fd_by_id(program_id));
  if (!program)
    return fail_errno(fmt::format("cannot open the attached packet program {} (are you root?)", program_id));
  std::array<std::uint32_t, 64> ids{};
  bpf_prog_info info{};
  info.nr_map_ids = ids.size();
  info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) {
    return fail_errno(fmt::format("cannot ask about the attached packet program {}", program_id));
  }
  Maps maps{Fd{}, Fd{}, Fd{}, Fd{}};
  for (std::uint32_t i = 0; i < info.nr_map_ids && i < ids.size(); ++i) {
    auto map = open_map(ids[i]);
    if (!map) continue;
    if (map->name == "rs_vips") maps.vips_ = std::move(map->fd);
    if (map->name == "rs_local") maps.local_ = std::move(map->fd);
    if (map->name == "rs_settings") maps.settings_ = std::move(map->fd);
    if (map->name == "rs_counters") maps.counters_ = std::move(map->fd);
  }
  return maps;
}

Result<ProgramSettings> Maps::read() const {
  ProgramSettings settings;
  for (const auto& key : keys(vips_.get())) {
    realserver_vip vip{};
    if (bpf_map_lookup_elem(vips_.get(), &key, &vip) != 0) continue;
    settings.vips[address_of(key)] = {vip.unwrap != 0, static_cast<std::uint16_t>(vip.mss)};
  }
  for (const auto& key : keys(local_.get())) settings.local.insert(address_of(key));
  const std::uint32_t zero = 0;
  realserver_settings value{};
  if (settings_ && bpf_map_lookup_elem(settings_.get(), &zero, &value) != 0) {
    return fail_errno("cannot read the packet program's settings");
  }
  settings.gue_port = value.gue_port;
  return settings;
}

Result<void> Maps::write(const ProgramSettings& settings) const {
  const std::uint32_t zero = 0;
  const std::uint32_t one = 1;
  realserver_settings value{};
  value.gue_port = settings.gue_port;
  if (settings_ && bpf_map_update_elem(settings_.get(), &zero, &value, BPF_ANY) != 0) {
    return fail_errno("cannot write the packet program's settings");
  }
  for (const auto& [address, vip] : settings.vips) {
    const realserver_vip entry{vip.unwrap ? 1U : 0U, vip.mss};
    if (auto done = put(vips_.get(), address, &entry); !done) return done;
  }
  for (const auto& address : settings.local) {
    if (!local_) break;
    if (auto done = put(local_.get(), address, &one); !done) return done;
  }
  for (const auto& key : keys(vips_.get())) {
    if (!settings.vips.contains(address_of(key))) bpf_map_delete_elem(vips_.get(), &key);
  }
  for (const auto& key : keys(local_.get())) {
    if (!settings.local.contains(address_of(key))) bpf_map_delete_elem(local_.get(), &key);
  }
  return {};
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> Maps::counters() const {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 1) return fail("cannot tell how many CPUs there are", -cpus);
  std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(cpus));
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (std::uint32_t i = 0; i < REALSERVER_COUNTERS; ++i) {
    if (bpf_map_lookup_elem(counters_.get(), &i, per_cpu.data()) != 0) return fail_errno("cannot read the counters");
    std::uint64_t sum = 0;
    for (const auto value : per_cpu) sum += value;
    all.emplace_back(counter_names[i], sum);
  }
  return all;
}

}  // namespace ballast::realserver
