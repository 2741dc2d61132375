// Clients on this machine: what its sockets send to a virtual service that is an address of this machine goes out by
// lo, where the packet program takes it at TC egress.
#pragma once

#include <string>

#include "base/error.h"
#include "director/packet_path.h"

namespace ballast::director {

class LocalClients {
 public:
  LocalClients(const PacketPath& path, std::string directory) : path_(path), directory_(std::move(directory)) {}

  /// Balances the connections of this machine's own sockets, or not any more. Sets net.ipv4.conf.lo.accept_local: what
  /// comes back to them through lo is from an address of this machine.
  Result<void> apply(bool wanted);

 private:
  const PacketPath& path_;
  std::string directory_;
  bool attached_ = false;
};

/// Takes the program away from lo, where it is, and sets the parameter back.
void detach_from_local_clients(const std::string& directory);

}  // namespace ballast::director
