// Keys of VRRP's authentication trailer, as keepalived 2.4 writes them.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "cluster/vrrp.h"

namespace ballast::config {

/// The key that `written` stands for: its characters, "hex:" and digits, or "file:" and the path of a file with either.
/// An Error where it is not of 32 to 64 bytes, or cannot be read.
Result<cluster::HmacKey> read_hmac_key(std::uint8_t id, std::string written);

}  // namespace ballast::config
