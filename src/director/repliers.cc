#include "director/repliers.h"

#include <bpf/bpf.h>

namespace ballast::director {
namespace {

abi::service_key key_of(const std::pair<cluster::Protocol, net::Endpoint>& replier) {
  abi::service_key key{};
  key.address = abi::to_abi(replier.second.address);
  key.port = abi::port_to_abi(replier.second.port);
  key.protocol = static_cast<__u8>(replier.first);
  key.kind = KEY_REPLIER;
  return key;
}

}  // namespace

Repliers::Repliers(PacketPath& path) : path_(path) {
  abi::service_key key{};
  const abi::service_key* before = nullptr;
  while (bpf_map_get_next_key(path.service_keys_map(), before, &key) == 0) {
    if (key.kind == KEY_REPLIER) {
      held_.insert(
          {static_cast<cluster::Protocol>(key.protocol), {abi::from_abi(key.address), abi::port_from_abi(key.port)}});
    }
    before = &key;
  }
}

void Repliers::set(const Endpoints& wanted) {
  const std::uint32_t value = 0;
  for (const auto& replier : wanted) {
    if (held_.contains(replier)) continue;
    const auto key = key_of(replier);
    bpf_map_update_elem(path_.service_keys_map(), &key, &value, BPF_ANY);
  }
  for (const auto& replier : held_) {
    if (wanted.contains(replier)) continue;
    const auto key = key_of(replier);
    bpf_map_delete_elem(path_.service_keys_map(), &key);
  }
  held_ = wanted;
}

}  // namespace ballast::director
