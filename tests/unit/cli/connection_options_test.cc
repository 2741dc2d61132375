#include <gtest/gtest.h>

#include "cli/connections_command.h"

namespace ballast::cli {
namespace {

TEST(ConnectionOptions, NothingAskedForIsNoCondition) {
  const auto filter = filter_of({});
  ASSERT_TRUE(filter.has_value());
  EXPECT_TRUE(filter->matches({}));
  EXPECT_FALSE(filter->protocol || filter->client || filter->virtual_address || filter->server_port);
}

TEST(ConnectionOptions, AllBecomeConditions) {
  ConnectionOptions options;
  options.client = "10.9.0.0/16";
  options.client_port = 35000;
  options.virtual_address = "10.0.1.100";
  options.virtual_port = 80;
  options.server = "[fd00::11]:8080";
  options.state = "established";
  options.protocol = "TCP";
  const auto filter = filter_of(options);
  ASSERT_TRUE(filter.has_value()) << filter.error().message;
  EXPECT_EQ(filter->client, net::Prefix::parse("10.9.0.0/16"));
  EXPECT_EQ(filter->client_port, 35000);
  EXPECT_EQ(filter->virtual_address, net::Address::parse("10.0.1.100"));
  EXPECT_EQ(filter->virtual_port, 80);
  EXPECT_EQ(filter->server, net::Address::parse("fd00::11"));
  EXPECT_EQ(filter->server_port, 8080);
  EXPECT_EQ(filter->state, "ESTABLISHED");
  EXPECT_EQ(filter->protocol, 6);
}

TEST(ConnectionOptions, APortMayStandWithTheAddress) {
  ConnectionOptions options;
  options.virtual_address = "10.0.1.100:443";
  EXPECT_EQ(filter_of(options)->virtual_port, 443);
  options.virtual_port = 80;
  EXPECT_EQ(filter_of(options)->virtual_port, 80);
}

TEST(ConnectionOptions, ProtocolsMayBeNumbers) {
  ConnectionOptions options;
  options.protocol = "0";
  EXPECT_EQ(filter_of(options)->protocol, 0);
}

TEST(ConnectionOptions, WhatIsNotUnderstoodIsRefusedByItsName) {
  ConnectionOptions client;
  client.client = "10.9.0.0/33";
  EXPECT_EQ(filter_of(client).error().message, "--client 10.9.0.0/33: must be an address or a prefix, as 10.9.0.0/16");
  ConnectionOptions server;
  server.server = "10.0.0.1:x";
  EXPECT_TRUE(filter_of(server).error().message.starts_with("--server 10.0.0.1:x: must be an address"));
  ConnectionOptions protocol;
  protocol.protocol = "256";
  EXPECT_EQ(filter_of(protocol).error().message, "--protocol 256: must be tcp, udp, sctp, ip or a number");
}

}  // namespace
}  // namespace ballast::cli
