#include "director/service_rings.h"

#include <algorithm>

#include "schedule/hash_buckets.h"
#include "schedule/maglev.h"
#include "schedule/weighted_round_robin.h"

namespace ballast::director {
namespace {

/// Where round robin goes on in a new ring: behind the server it chose last, or, where that one is gone, behind its
/// nearest predecessor that is still there (ip_vs_rr_del_dest() of Linux).
std::uint32_t position_after_change(const std::vector<std::uint32_t>& before, const std::vector<std::uint32_t>& after,
                                    std::uint32_t position) {
  for (std::size_t i = std::min<std::size_t>(position, before.size()); i > 0; --i) {
    const auto found = std::ranges::find(after, before[i - 1]);
    if (found != after.end()) return static_cast<std::uint32_t>(found - after.begin()) + 1;
  }
  return 0;
}

/// Whether a hash ring is a table of mh, not buckets of sh or dh.
bool is_maglev(std::uint64_t ring) { return static_cast<std::uint32_t>(ring) == schedule::maglev_slots; }

/// What a server's place in a table of mh depends on: its address's words folded to one, and its port.
std::uint32_t maglev_key(const abi::server& server) {
  std::uint32_t folded = 0;
  const auto address = abi::from_abi(server.address);
  if (address.is_ipv4()) {
    folded = address.ipv4_value();
  } else {
    for (const __u32 word : server.address.word) folded ^= __builtin_bswap32(word);
  }
  return folded + abi::port_from_abi(server.port);
}

std::vector<std::uint32_t> buckets(const PacketPath& path, const std::vector<std::uint32_t>& servers,
                                   decltype(schedule::source_hash_table)& table_of) {
  std::vector<schedule::WeightedServer> weighted;
  weighted.reserve(servers.size());
  for (const std::uint32_t index : servers) {
    weighted.push_back({index, static_cast<std::uint32_t>(path.member(index).weight)});
  }
  const auto table = table_of(weighted);
  return {table.begin(), table.end()};
}

std::vector<std::uint32_t> maglev(const PacketPath& path, const std::vector<std::uint32_t>& servers) {
  std::vector<schedule::MaglevServer> keyed;
  keyed.reserve(servers.size());
  for (const std::uint32_t index : servers) {
    const abi::server& entry = path.servers[index];
    keyed.push_back({index, maglev_key(entry), static_cast<std::uint32_t>(entry.last_weight)});
  }
  return schedule::maglev_table(keyed);
}

std::vector<std::uint32_t> hash_slots(const PacketPath& path, std::uint8_t scheduler,
                                      const std::vector<std::uint32_t>& servers) {
  if (servers.empty()) return {};
  switch (scheduler) {
    case abi::SCHEDULER_SH:
      return buckets(path, servers, schedule::source_hash_table);
    case abi::SCHEDULER_DH:
      return buckets(path, servers, schedule::destination_hash_table);
    case abi::SCHEDULER_MH:
      return maglev(path, servers);
    default:
      return {};
  }
}

}  // namespace

void ServiceRings::adopt(std::uint32_t service) {
  const abi::service& entry = path_.services[service];
  rings_.claim(entry.ring);
  if (is_maglev(entry.ring_of_hash)) {
    tables_.claim(entry.ring_of_hash);
  } else {
    rings_.claim(entry.ring_of_hash);
  }
}

std::array<SchedulerStep, 2> steps_to_scheduler(std::uint8_t scheduler, std::uint64_t ring_of_hash) {
  using Word = SchedulerStep::Word;
  const SchedulerStep name{Word::scheduler, scheduler};
  const SchedulerStep ring{Word::ring_of_hash, ring_of_hash};
  if (ring_of_hash != 0) return {ring, name};
  return {name, ring};
}

void ServiceRings::write(std::uint32_t service, std::uint8_t scheduler, const std::vector<std::uint32_t>& servers) {
  write(service, scheduler, servers, path_.services[service].scheduler != scheduler);
}

void ServiceRings::clear(std::uint32_t service) { write(service, path_.services[service].scheduler, {}, true); }

void ServiceRings::write(std::uint32_t service, std::uint8_t scheduler, const std::vector<std::uint32_t>& servers,
                         bool restart) {
  if (restart) publish(path_.cursors[service].epoch, path_.cursors[service].epoch + 1);
  write_hash(service, scheduler, servers);
  write_round_robin(service, servers, restart);
}

void ServiceRings::write_hash(std::uint32_t service, std::uint8_t scheduler,
                              const std::vector<std::uint32_t>& servers) {
  abi::service& entry = path_.services[service];
  const std::uint64_t old = entry.ring_of_hash;
  const auto slots = hash_slots(path_, scheduler, servers);
  const std::uint64_t ring = is_maglev(slots.size()) ? tables_.write(slots) : rings_.write(slots);
  for (const auto& [word, value] : steps_to_scheduler(scheduler, ring)) {
    if (word == SchedulerStep::Word::scheduler) {
      publish(entry.scheduler, static_cast<__u8>(value));
    } else {
      publish(entry.ring_of_hash, value);
    }
  }
  if (is_maglev(old)) {
    tables_.give_back(old);
  } else {
    rings_.give_back(old);
  }
}

void ServiceRings::write_round_robin(std::uint32_t service, const std::vector<std::uint32_t>& servers, bool restart) {
  abi::service& entry = path_.services[service];
  std::vector<std::uint32_t> weights;
  weights.reserve(servers.size());
  for (const std::uint32_t index : servers) weights.push_back(static_cast<std::uint32_t>(path_.member(index).weight));
  const auto parameters = schedule::round_robin_weights(weights);
  publish(entry.weight_step, parameters.step);
  publish(entry.weight_top, parameters.top);

  const std::uint64_t old = entry.ring;
  const std::uint64_t cursor = observe(path_.cursors[service].value);
  std::uint32_t position = 0;
  std::int32_t current = restart ? 0 : static_cast<std::int32_t>(static_cast<std::uint32_t>(cursor));
  if (entry.scheduler == abi::SCHEDULER_WRR) {
    current = schedule::adjusted_weight(current, parameters);
  } else if (!restart) {
    position = position_after_change(rings_.read(old), servers, static_cast<std::uint32_t>(cursor >> 32));
  }
  publish(entry.ring, rings_.write(servers));
  rings_.give_back(old);
  publish(path_.cursors[service].value, static_cast<__u64>(position) << 32 | static_cast<std::uint32_t>(current));
}

void ServiceRings::settle() {
  rings_.settle();
  tables_.settle();
}

}  // namespace ballast::director
