// Which service a packet's destination belongs to: the maps in which the packet programs look it up.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "cluster/model.h"
#include "director/listeners.h"
#include "director/packet_path.h"

namespace ballast::director {

class ServiceKeys {
 public:
  /// Reads the keys that the map holds.
  explicit ServiceKeys(PacketPath& path);

  /// Has `keys`, and no others, lead to the service at `index`. They do at once, even where they led to another service
  /// before; those that lead there no more are left until withdraw_rest(), so that another service can take them
  /// without a moment in between.
  void assign(std::uint32_t index, const std::vector<cluster::ServiceKey>& keys);

  /// The keys that lead to the service at `index`.
  [[nodiscard]] const std::set<cluster::ServiceKey>& of(std::uint32_t index) const;

  /// The index of the service that a key leads to.
  [[nodiscard]] std::optional<std::uint32_t> find(const cluster::ServiceKey& key) const;

  /// Takes away the keys that no service was assigned since.
  void withdraw_rest();

 private:
  void publish(const cluster::ServiceKey& key, std::uint32_t index);
  void withdraw(const cluster::ServiceKey& key);
  void count_address(const cluster::ServiceKey& key, int difference);

  PacketPath& path_;
  Listeners listeners_;
  std::map<cluster::ServiceKey, std::uint32_t> services_;
  std::map<std::uint32_t, std::set<cluster::ServiceKey>> keys_;
  std::set<cluster::ServiceKey> rest_;
  std::map<net::Address, int> addresses_;  ///< how many keys have it
};

}  // namespace ballast::director
