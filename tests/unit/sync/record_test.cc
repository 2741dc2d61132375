// Connections as directors of Ballast tell them each other.
#include "sync/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::sync {
namespace {

using cluster::Connection;

net::Endpoint endpoint(std::string_view address, std::uint16_t port) { return {*net::Address::parse(address), port}; }

Connection connection() {
  Connection one;
  one.protocol = 6;
  one.client = endpoint("10.9.0.9", 24010);
  one.virtual_address = endpoint("10.0.1.100", 80);
  one.server = endpoint("10.0.2.11", 8080);
  one.configured = endpoint("10.0.2.11", 0);
  one.service = cluster::AddressKey{cluster::Protocol::tcp, one.virtual_address};
  one.state = cluster::state_established;
  one.expires_milliseconds = 899'123;
  one.forward = cluster::ForwardingMethod::nat;
  return one;
}

std::vector<Connection> all_kinds() {
  std::vector<Connection> kinds(5, connection());
  kinds[1].client = endpoint("fd00::9", 1);
  kinds[1].virtual_address = endpoint("fd00::100", 80);
  kinds[1].service = cluster::AddressKey{cluster::Protocol::tcp, kinds[1].virtual_address};
  kinds[1].forward = cluster::ForwardingMethod::tunnel;
  kinds[2].service = cluster::MarkKey{7, net::Family::ipv4};
  kinds[2].from_template = true;
  kinds[3].service = cluster::AddressKey{cluster::Protocol::udp, endpoint("10.0.1.100", 0)};
  kinds[3].protocol = 17;
  kinds[3].state = cluster::state_udp;
  kinds[4].is_template = kinds[4].assured = true;
  kinds[4].protocol = 0;
  kinds[4].state = 0;
  kinds[4].service = cluster::MarkKey{7, net::Family::ipv6};
  return kinds;
}

TEST(Record, EveryKindOfConnectionComesBackAsItWas) {
  std::vector<std::uint8_t> bytes;
  for (const auto& kind : all_kinds()) write_record(bytes, kind);
  const auto read = read_records(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, all_kinds());
}

TEST(Record, AnUsualOneTakes28Bytes) {
  std::vector<std::uint8_t> bytes;
  write_record(bytes, connection());
  EXPECT_EQ(bytes.size(), 28U);
}

TEST(Record, WhatIsCutOffIsRefused) {
  for (const auto& kind : all_kinds()) {
    std::vector<std::uint8_t> bytes;
    write_record(bytes, kind);
    for (std::size_t length = 1; length < bytes.size(); ++length) {
      EXPECT_FALSE(read_records(std::span(bytes).first(length))) << length;
    }
  }
}

TEST(Record, AProtocolAStateOrAMethodThatCannotBeIsRefused) {
  std::vector<std::uint8_t> good;
  write_record(good, connection());
  for (const std::size_t place : {1, 2, 3}) {
    auto bad = good;
    bad[place] = 15;
    EXPECT_FALSE(read_records(bad)) << place;
  }
}

}  // namespace
}  // namespace ballast::sync
