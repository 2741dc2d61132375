// The endpoints of real servers behind NAT, in the map where the packet path looks for the sender of a reply that
// belongs to no connection. Only kept while such replies are to be refused.
#pragma once

#include <set>
#include <utility>

#include "cluster/model.h"
#include "director/packet_path.h"

namespace ballast::director {

class Repliers {
 public:
  using Endpoints = std::set<std::pair<cluster::Protocol, net::Endpoint>>;

  /// Reads what the map holds.
  explicit Repliers(PacketPath& path);

  /// Makes the map hold exactly these.
  void set(const Endpoints& wanted);

 private:
  PacketPath& path_;
  Endpoints held_;
};

}  // namespace ballast::director
