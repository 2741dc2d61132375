#include <gtest/gtest.h>

#include "cli/capture_command.h"

namespace ballast::cli {
namespace {

TEST(CaptureOptions, FiltersAreThoseOfConnections) {
  ConnectionOptions options;
  options.client = "10.9.0.0/16";
  options.virtual_address = "10.0.1.100:80";
  options.server = "[fd00::11]:8080";
  options.protocol = "tcp";
  const auto conditions = conditions_of(options);
  ASSERT_TRUE(conditions.has_value()) << conditions.error().message;
  EXPECT_EQ(conditions->client, net::Prefix::parse("10.9.0.0/16"));
  EXPECT_EQ(conditions->virtual_address, net::Address::parse("10.0.1.100"));
  EXPECT_EQ(conditions->virtual_port, 80);
  EXPECT_EQ(conditions->server, net::Address::parse("fd00::11"));
  EXPECT_EQ(conditions->server_port, 8080);
  EXPECT_EQ(conditions->protocol, 6);
  options.client = "10.9.0.0/33";
  EXPECT_TRUE(conditions_of(options).error().message.starts_with("--client 10.9.0.0/33: "));
}

TEST(CaptureLine, TellsTimePlaceDirectionPacketAndFate) {
  capture::Frame frame;
  frame.out = true;
  frame.hook = abi::CAPTURE_TC_INGRESS;
  frame.length = 60;
  frame.bytes = capture::Bytes(60);
  frame.bytes[12] = 0x08;
  frame.bytes[13] = 0x06;
  frame.fate = "passed to the kernel, TC_ACT_UNSPEC";
  const std::string line = capture_line(frame, "eth0", 12'000'000'034);
  EXPECT_TRUE(line.ends_with(":12.000000034 eth0     tc     out ARP length 60: passed to the kernel, TC_ACT_UNSPEC"))
      << line;
}

}  // namespace
}  // namespace ballast::cli
