// Messages of ip_vs: those of a real one are understood, and made the same.
#include "sync/kernel_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::sync {
namespace {

using cluster::Connection;
using testing::SizeIs;

/// Hexadecimal digits, with blanks anywhere.
Bytes from_hex(std::string_view text) {
  Bytes bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

/// The first two connections of a message that Linux 6.1 sent (syncid 7): one that is established by NAT, and a
/// template.
constexpr std::string_view recorded =
    "0007 0050 0201 0000"
    "0006 0024 0000 0000 0001 5dca 1f90 1f90 0000 0000 0000 0384 0a09 0009 0a00 0164 0a00 020b"
    "0006 0024 0000 1100 0001 0000 1f90 1f90 0000 0000 0000 003c 0a09 0009 0a00 0164 0a00 020b";

net::Endpoint endpoint(std::string_view address, std::uint16_t port) { return {*net::Address::parse(address), port}; }

Connection established() {
  Connection connection;
  connection.protocol = 6;
  connection.client = endpoint("10.9.0.9", 24010);
  connection.virtual_address = endpoint("10.0.1.100", 8080);
  connection.server = endpoint("10.0.2.11", 8080);
  connection.configured = connection.server;
  connection.service = cluster::AddressKey{cluster::Protocol::tcp, connection.virtual_address};
  connection.state = cluster::state_established;
  connection.expires_milliseconds = 900'000;
  connection.forward = cluster::ForwardingMethod::nat;
  return connection;
}

Connection remembered() {
  Connection connection = established();
  connection.is_template = connection.assured = true;
  connection.client.port = 0;
  connection.state = 0;
  connection.expires_milliseconds = 60'000;
  return connection;
}

TEST(KernelMessage, WhatARealDirectorSentIsUnderstood) {
  const auto read = read_kernel_message(from_hex(recorded), 7);
  ASSERT_TRUE(read);
  EXPECT_THAT(*read, testing::ElementsAre(established(), remembered()));
}

TEST(KernelMessage, OursAreTheSameByteForByte) {
  KernelMessage message(7, 1472);
  EXPECT_FALSE(message.add(established()));
  EXPECT_FALSE(message.add(remembered()));
  EXPECT_EQ(message.take(), from_hex(recorded));
  EXPECT_FALSE(message.take());
}

TEST(KernelMessage, AFullOneIsHandedOutBeforeTheNextConnection) {
  KernelMessage message(0, 80);
  EXPECT_FALSE(message.add(established()));
  EXPECT_FALSE(message.add(established()));
  const auto full = message.add(established());
  ASSERT_TRUE(full);
  EXPECT_THAT(*full, SizeIs(80));
  EXPECT_THAT(*message.take(), SizeIs(44));
}

TEST(KernelMessage, EveryKindOfConnectionComesBackAsItWas) {
  Connection datagram = established();
  datagram.protocol = 17;
  datagram.state = cluster::state_udp;
  datagram.service = cluster::AddressKey{cluster::Protocol::udp, datagram.virtual_address};
  Connection ipv6 = established();
  ipv6.client = endpoint("fd00::9", 24010);
  ipv6.virtual_address = endpoint("fd00::100", 443);
  ipv6.server = ipv6.configured = endpoint("fd00::11", 443);
  ipv6.service = cluster::AddressKey{cluster::Protocol::tcp, ipv6.virtual_address};
  ipv6.forward = cluster::ForwardingMethod::route;
  ipv6.state = cluster::state_time_wait;
  Connection marked = established();
  marked.service = cluster::MarkKey{7, net::Family::ipv4};
  marked.forward = cluster::ForwardingMethod::tunnel;
  KernelMessage message(3, 1472);
  for (const auto& connection : {datagram, ipv6, marked}) message.add(connection);
  const auto read = read_kernel_message(*message.take(), 0);
  ASSERT_TRUE(read);
  EXPECT_THAT(*read, testing::ElementsAre(datagram, ipv6, marked));
}

TEST(KernelMessage, OneOfAnotherSyncidIsNotForUsUnlessWeTakeAll) {
  EXPECT_EQ(read_kernel_message(from_hex(recorded), 8).error(), Refusal::other_id);
  EXPECT_TRUE(read_kernel_message(from_hex(recorded), 0));
}

TEST(KernelMessage, WhatIsCutOffIsRefused) {
  const Bytes whole = from_hex(recorded);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(read_kernel_message(std::span(whole).first(length), 0)) << length;
  }
  Bytes shorter(whole.begin(), whole.end() - 36);
  shorter[3] = 44;
  EXPECT_EQ(read_kernel_message(shorter, 0).error(), Refusal::cut_off);
}

TEST(KernelMessage, AnOptionThatMustBeUnderstoodAndIsNotIsRefused) {
  const auto with_option = [](std::string_view option) {
    return from_hex(
        "0007 0030 0101 0000 0006 0028 0000 0000 0001 5dca 1f90 1f90 0000 0000 0000 0384 0a09 0009 0a00 0164 "
        "0a00 020b" +
        std::string(option));
  };
  EXPECT_EQ(read_kernel_message(with_option("0902 0000"), 0).error(), Refusal::bad_option);
  EXPECT_TRUE(read_kernel_message(with_option("4902 0000"), 0));
  EXPECT_EQ(read_kernel_message(with_option("4903 0000"), 0).error(), Refusal::bad_option);
}

TEST(KernelMessage, StatesThatThereAreNotAreRefused) {
  Bytes message = from_hex(recorded);
  message[17] = 11;
  EXPECT_EQ(read_kernel_message(message, 0).error(), Refusal::bad_record);
}

}  // namespace
}  // namespace ballast::sync
