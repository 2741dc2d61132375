#include "capture/filter.h"

#include <algorithm>

namespace ballast::capture {
namespace {

abi::address mask_of(const net::Prefix& prefix) {
  abi::address mask{};
  int bits = prefix.length + (prefix.address.is_ipv4() ? 96 : 0);
  for (auto& byte : mask.bytes) {
    byte = static_cast<std::uint8_t>(0xff00 >> std::clamp(bits, 0, 8));
    bits -= 8;
  }
  return mask;
}

abi::capture_place place_for(const std::optional<net::Prefix>& prefix, const std::optional<std::uint16_t>& port) {
  abi::capture_place place{};
  if (prefix) {
    place.mask = mask_of(*prefix);
    const auto address = abi::to_abi(prefix->address);
    for (int i = 0; i < 2; ++i) place.address.half[i] = address.half[i] & place.mask.half[i];
  }
  place.port = port.value_or(0);
  place.used = prefix || place.port != 0 ? 1 : 0;
  return place;
}

std::optional<net::Prefix> host(const std::optional<net::Address>& address) {
  if (!address) return std::nullopt;
  return net::Prefix{*address, static_cast<std::uint8_t>(address->is_ipv4() ? 32 : 128)};
}

}  // namespace

abi::capture_filter filter_for(const Conditions& conditions) {
  abi::capture_filter filter{};
  filter.client = place_for(conditions.client, conditions.client_port);
  filter.virtual_address = place_for(host(conditions.virtual_address), conditions.virtual_port);
  filter.server = place_for(host(conditions.server), conditions.server_port);
  filter.protocol = conditions.protocol ? *conditions.protocol : -1;
  return filter;
}

}  // namespace ballast::capture
