// Interfaces with a MAC address of their own on top of another one.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "net/address.h"

namespace ballast::net {

struct Macvlan {
  std::string name;
  std::uint32_t lower_index = 0;  ///< the interface below
  MacAddress mac{};
};

/// Makes the device in bridge mode, switched off. EEXIST: there is an interface of that name. Needs CAP_NET_ADMIN.
Result<void> make_macvlan(const Macvlan& device);

}  // namespace ballast::net
