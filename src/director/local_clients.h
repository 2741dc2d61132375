// Clients on this machine: what its sockets send to a virtual service that is an address of this machine goes out by
// lo, where the packet program takes it at TC egress. What is for one that this machine does not have is taken where it
// leaves: see Interfaces::watch_leaving().
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
  /// Puts the programs that are loaded now in the place of those that are attached.
  Result<void> reattach();

 private:
  const PacketPath& path_;
  std::string directory_;
  bool attached_ = false;
};

/// Replies that come to this machine's clients through lo may be from an address that is not its own, whichever way
/// leads to that one: sets net.ipv4.conf.lo.rp_filter to 2 (RFC 3704, loose).
void accept_replies_from_anywhere();

/// Takes the program away from lo, where it is, and sets the parameters back.
void detach_from_local_clients(const std::string& directory);

}  // namespace ballast::director
