#include "director/listeners.h"

#include <algorithm>

#include "director/mapped_array.h"
#include "director/placement.h"

namespace ballast::director {
namespace {

std::uint32_t socket_of(const cluster::AddressKey& key) {
  return abi::socket_of(abi::port_to_abi(key.endpoint.port), static_cast<__u8>(key.protocol));
}

cluster::AddressKey key_of(const abi::listener& listener) {
  return {static_cast<cluster::Protocol>(listener.socket & 0xff),
          {abi::from_abi(listener.address), abi::port_from_abi(static_cast<__be16>(listener.socket >> 16))}};
}

/// The listener of a line that has this key, or null.
abi::listener* holder(abi::listener_line& line, const cluster::AddressKey& key) {
  auto* const found = std::ranges::find_if(
      line.listener, [&](const abi::listener& listener) { return listener.socket != 0 && key_of(listener) == key; });
  return found == std::ranges::end(line.listener) ? nullptr : found;
}

}  // namespace

abi::listener_line& Listeners::line_of(const cluster::AddressKey& key) const {
  const abi::address address = abi::to_abi(key.endpoint.address);
  return lines_[abi::listener_line_of(static_cast<std::uint32_t>(lines_.size()), &address, socket_of(key))];
}

void Listeners::put(const cluster::AddressKey& key, std::uint32_t index) {
  abi::listener_line& line = line_of(key);
  if (auto* const held = holder(line, key)) {
    publish(held->service, index);
    return;
  }
  auto* const vacant = std::ranges::find(line.listener, 0u, &abi::listener::socket);
  if (vacant == std::ranges::end(line.listener)) return;
  vacant->address = abi::to_abi(key.endpoint.address);
  vacant->service = index;
  publish(vacant->socket, socket_of(key));
}

void Listeners::take(const cluster::AddressKey& key) {
  if (auto* const held = holder(line_of(key), key)) publish(held->socket, 0);
}

void Listeners::restore(const std::map<cluster::ServiceKey, std::uint32_t>& services) {
  for (auto& line : lines_) {
    for (auto& listener : line.listener) {
      if (listener.socket != 0 && !services.contains(key_of(listener))) publish(listener.socket, 0);
    }
  }
  for (const auto& [key, index] : services) {
    if (const auto* address = std::get_if<cluster::AddressKey>(&key)) put(*address, index);
  }
}

}  // namespace ballast::director
