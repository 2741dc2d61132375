// Host and service names in configuration files, and those of this machine.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cluster/model.h"
#include "net/address.h"

namespace ballast::config {

/// Translates names into numbers. A reader is given one, so that tests need no network.
struct Names {
  /// The first address of a host in that family. The name may be a number.
  std::function<std::optional<net::Address>(const std::string& host, net::Family family)> host;
  /// The port of a service; without a protocol, that of any.
  std::function<std::optional<std::uint16_t>(const std::string& service, std::optional<cluster::Protocol> protocol)>
      service;
  std::string machine;    ///< this machine's name, as uname() gives it
  std::string config_id;  ///< what lines with '@' of keepalived's are for; empty: the name up to its first dot
};

/// The names that this machine knows (nsswitch.conf decides where they come from). May wait for DNS, for as long as
/// resolv.conf says.
Names system_names();

}  // namespace ballast::config
