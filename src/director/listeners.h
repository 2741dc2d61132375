// The addresses and ports of services where the packet programs look first: see struct listener_line in bpf/abi.h.
#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "cluster/model.h"
#include "director/abi.h"

namespace ballast::director {

class Listeners {
 public:
  explicit Listeners(std::span<abi::listener_line> lines) : lines_(lines) {}

  /// Has packets for `key` go to the service at `index`, from now on. Where there is no room nothing happens: programs
  /// find the key in the service table.
  void put(const cluster::AddressKey& key, std::uint32_t index);
  void take(const cluster::AddressKey& key);

  /// Makes of what a daemon left exactly `services`.
  void restore(const std::map<cluster::ServiceKey, std::uint32_t>& services);

 private:
  [[nodiscard]] abi::listener_line& line_of(const cluster::AddressKey& key) const;

  std::span<abi::listener_line> lines_;
};

}  // namespace ballast::director
