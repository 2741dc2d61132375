#include "director/listeners.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "director/placement.h"

namespace ballast::director {
namespace {

using cluster::AddressKey;
using cluster::Protocol;

AddressKey key(std::uint16_t port, Protocol protocol = Protocol::tcp, std::string_view address = "10.0.0.1") {
  return {protocol, {*net::Address::parse(address), port}};
}

/// What the packet programs find.
std::optional<std::uint32_t> found(const std::vector<abi::listener_line>& lines, const AddressKey& key) {
  const abi::address address = abi::to_abi(key.endpoint.address);
  const auto socket = abi::socket_of(abi::port_to_abi(key.endpoint.port), static_cast<std::uint8_t>(key.protocol));
  const auto count = static_cast<std::uint32_t>(lines.size());
  for (const auto& listener : lines[abi::listener_line_of(count, &address, socket)].listener) {
    if (listener.socket == socket && abi::from_abi(listener.address) == key.endpoint.address) return listener.service;
  }
  return std::nullopt;
}

TEST(Listeners, LeadToTheServiceThatWasPutLast) {
  std::vector<abi::listener_line> lines(16);
  Listeners listeners(lines);
  listeners.put(key(80), 3);
  EXPECT_EQ(found(lines, key(80)), 3);
  listeners.put(key(80), 4);
  EXPECT_EQ(found(lines, key(80)), 4);
  EXPECT_EQ(found(lines, key(81)), std::nullopt);
  EXPECT_EQ(found(lines, key(80, Protocol::udp)), std::nullopt);
  EXPECT_EQ(found(lines, key(80, Protocol::tcp, "10.0.0.2")), std::nullopt);
  listeners.take(key(80));
  EXPECT_EQ(found(lines, key(80)), std::nullopt);
}

TEST(Listeners, LeaveOutWhatFindsNoRoomAndUseRoomThatIsGivenBack) {
  std::vector<abi::listener_line> lines(1);
  Listeners listeners(lines);
  listeners.put(key(80), 1);
  listeners.put(key(80, Protocol::udp, "fd00::1"), 2);
  listeners.put(key(82), 3);
  EXPECT_EQ(found(lines, key(82)), std::nullopt);
  listeners.take(key(82));
  listeners.take(key(80));
  listeners.put(key(82), 3);
  EXPECT_EQ(found(lines, key(82)), 3);
  EXPECT_EQ(found(lines, key(80, Protocol::udp, "fd00::1")), 2);
}

TEST(Listeners, HaveRoomForNearlyAllServicesOfAFullTable) {
  constexpr std::uint32_t services = 10'000;
  const auto missing = [](auto key_of) {
    std::vector<abi::listener_line> lines(services * 2);
    Listeners listeners(lines);
    for (std::uint32_t i = 0; i < services; ++i) listeners.put(key_of(i), i);
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < services; ++i) count += found(lines, key_of(i)) != i;
    return count;
  };
  EXPECT_LE(missing([](std::uint32_t i) { return key(static_cast<std::uint16_t>(i + 1)); }), services / 25);
  EXPECT_LE(
      missing([](std::uint32_t i) { return key(80, Protocol::tcp, fmt::format("10.1.{}.{}", i / 256, i % 256)); }),
      services / 25);
  EXPECT_LE(missing([](std::uint32_t i) { return key(80, Protocol::tcp, fmt::format("fd00::{:x}", i)); }),
            services / 25);
}

TEST(Listeners, AreWhatTheServicesSayAfterARestart) {
  std::vector<abi::listener_line> lines(16);
  Listeners(lines).put(key(80), 1);
  Listeners(lines).put(key(81), 2);
  Listeners restarted(lines);
  restarted.restore({{key(81), 5}, {key(82), 6}, {cluster::MarkKey{7, net::Family::ipv4}, 8}});
  EXPECT_EQ(found(lines, key(80)), std::nullopt);
  EXPECT_EQ(found(lines, key(81)), 5);
  EXPECT_EQ(found(lines, key(82)), 6);
}

}  // namespace
}  // namespace ballast::director
