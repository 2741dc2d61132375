#include "director/ways.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

namespace ballast::director {
namespace {

abi::way_key key_of(const cluster::ServiceWay& way, const net::Address& remote) {
  abi::way_key key{};
  key.remote = abi::to_abi(remote);
  key.remote_port = abi::port_to_abi(way.server.port);
  key.local_port = abi::port_to_abi(way.local_port);
  key.protocol = static_cast<__u8>(way.protocol);
  return key;
}

abi::way_key sent_key(const cluster::ServiceWay& way) { return key_of(way, way.server.address); }
abi::way_key answer_key(const cluster::ServiceWay& way) {
  auto key = key_of(way, way.virtual_address);
  key.answers = 1;
  return key;
}

abi::way sent_value(const cluster::ServiceWay& way) {
  abi::way value{};
  value.other = abi::to_abi(way.virtual_address);
  value.server.address = abi::to_abi(way.server.address);
  value.server.method = static_cast<__u8>(way.forward);
  value.server.tunnel_type = static_cast<__u8>(way.tunnel.type);
  value.server.tunnel_checksum = static_cast<__u8>(way.tunnel.checksum);
  value.server.tunnel_port = abi::port_to_abi(way.tunnel.port);
  return value;
}

abi::way answer_value(const cluster::ServiceWay& way) {
  abi::way value{};
  value.other = abi::to_abi(way.server.address);
  return value;
}

Result<void> enter(int map, const abi::way_key& key, const abi::way& value) {
  if (bpf_map_update_elem(map, &key, &value, BPF_ANY) == 0) return {};
  return fail_errno("entering the way of a check");
}

}  // namespace

Ways::Ways(PacketPath& path) : path_(path) {
  abi::way_key key{};
  while (bpf_map_get_next_key(path_.ways_map(), nullptr, &key) == 0) bpf_map_delete_elem(path_.ways_map(), &key);
}

bool Ways::served() const { return (path_.settings[0].flags & SETTING_WAYS) != 0; }

void Ways::serve(bool wanted) {
  __u32& flags = path_.settings[0].flags;
  publish(flags, wanted ? flags | SETTING_WAYS : flags & ~SETTING_WAYS);
}

Result<void> Ways::open(const cluster::ServiceWay& way) {
  if (auto entered = enter(path_.ways_map(), answer_key(way), answer_value(way)); !entered) return entered;
  auto entered = enter(path_.ways_map(), sent_key(way), sent_value(way));
  if (!entered) close(way);
  return entered;
}

bool Ways::was_used(const cluster::ServiceWay& way) const {
  const auto key = sent_key(way);
  abi::way value{};
  return bpf_map_lookup_elem(path_.ways_map(), &key, &value) == 0 && value.used != 0;
}

void Ways::close(const cluster::ServiceWay& way) {
  for (const auto& key : {sent_key(way), answer_key(way)}) bpf_map_delete_elem(path_.ways_map(), &key);
}

}  // namespace ballast::director
