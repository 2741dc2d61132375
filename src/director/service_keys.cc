#include "director/service_keys.h"

#include <bpf/bpf.h>

#include "director/model_map.h"

namespace ballast::director {

ServiceKeys::ServiceKeys(PacketPath& path) : path_(path), listeners_(path.listeners.all()) {
  if (!path.adopted()) return;
  abi::service_key entry{};
  std::uint32_t index = 0;
  const int map = path.service_keys_map();
  for (bool first = true; bpf_map_get_next_key(map, first ? nullptr : &entry, &entry) == 0; first = false) {
    if (entry.kind != KEY_SERVICE || bpf_map_lookup_elem(map, &entry, &index) != 0 || index >= path.services.size())
      continue;
    const auto key = service_key_of(entry);
    services_[key] = index;
    keys_[index].insert(key);
    if (path.services[index].in_use != USE_CONFIGURED) rest_.insert(key);
    if (const auto* address = std::get_if<cluster::AddressKey>(&key)) ++addresses_[address->endpoint.address];
  }
  listeners_.restore(services_);
}

void ServiceKeys::assign(std::uint32_t index, const std::vector<cluster::ServiceKey>& keys) {
  std::set<cluster::ServiceKey>& own = keys_[index];
  const std::set<cluster::ServiceKey> wanted(keys.begin(), keys.end());
  for (const auto& key : own) {
    if (!wanted.contains(key)) rest_.insert(key);
  }
  for (const auto& key : wanted) {
    publish(key, index);
    rest_.erase(key);
  }
  own = wanted;
}

const std::set<cluster::ServiceKey>& ServiceKeys::of(std::uint32_t index) const {
  static const std::set<cluster::ServiceKey> none;
  const auto found = keys_.find(index);
  return found == keys_.end() ? none : found->second;
}

std::optional<std::uint32_t> ServiceKeys::find(const cluster::ServiceKey& key) const {
  const auto found = services_.find(key);
  return found == services_.end() ? std::nullopt : std::optional(found->second);
}

void ServiceKeys::withdraw_rest() {
  for (const auto& key : rest_) withdraw(key);
  rest_.clear();
}

void ServiceKeys::publish(const cluster::ServiceKey& key, std::uint32_t index) {
  const auto [known, is_new] = services_.try_emplace(key, index);
  if (!is_new && known->second == index) return;
  if (!is_new) keys_[known->second].erase(key);
  known->second = index;
  const auto entry = map_key(key);
  bpf_map_update_elem(path_.service_keys_map(), &entry, &index, BPF_ANY);
  if (const auto* address = std::get_if<cluster::AddressKey>(&key)) listeners_.put(*address, index);
  if (is_new) count_address(key, 1);
}

void ServiceKeys::withdraw(const cluster::ServiceKey& key) {
  if (const auto* address = std::get_if<cluster::AddressKey>(&key)) listeners_.take(*address);
  const auto entry = map_key(key);
  bpf_map_delete_elem(path_.service_keys_map(), &entry);
  services_.erase(key);
  count_address(key, -1);
}

void ServiceKeys::count_address(const cluster::ServiceKey& key, int difference) {
  const auto* address = std::get_if<cluster::AddressKey>(&key);
  if (address == nullptr) return;
  abi::service_key entry{};
  entry.address = abi::to_abi(address->endpoint.address);
  const std::uint32_t value = SERVICE_INDEX_ADDRESS;
  const int keys = addresses_[address->endpoint.address] += difference;
  if (keys == 0) {
    addresses_.erase(address->endpoint.address);
    bpf_map_delete_elem(path_.service_keys_map(), &entry);
  } else if (keys == difference) {
    bpf_map_update_elem(path_.service_keys_map(), &entry, &value, BPF_ANY);
  }
}

}  // namespace ballast::director
