#include "director/traffic.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <vector>

namespace ballast::director {

Stats& operator+=(Stats& total, const Stats& more) {
  total.connections += more.connections;
  total.packets_in += more.packets_in;
  total.packets_out += more.packets_out;
  total.bytes_in += more.bytes_in;
  total.bytes_out += more.bytes_out;
  return total;
}

Stats read_traffic(const PacketPath& path, std::uint32_t server) {
  std::vector<abi::traffic> values(libbpf_num_possible_cpus());
  Stats stats;
  if (bpf_map_lookup_elem(path.server_traffic_map(), &server, values.data()) != 0) return stats;
  for (const auto& value : values) {
    stats += {value.connections, value.packets_in, value.packets_out, value.bytes_in, value.bytes_out};
  }
  return stats;
}

void clear_traffic(const PacketPath& path, std::uint32_t server) {
  const std::vector<abi::traffic> zeros(libbpf_num_possible_cpus());
  bpf_map_update_elem(path.server_traffic_map(), &server, zeros.data(), BPF_ANY);
}

}  // namespace ballast::director
