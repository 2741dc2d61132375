#include "capture/filter.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "capture/flow.h"
#include "frames.h"

namespace ballast::capture {
namespace {

const Flow from_client = read_flow(ipv4_frame(IPPROTO_TCP, "10.9.1.2:4000", "10.0.1.100:80"));
const Flow to_server = read_flow(ipv4_frame(IPPROTO_TCP, "10.9.1.2:4000", "10.0.2.11:8080"));
const Flow from_server = read_flow(ipv4_frame(IPPROTO_TCP, "10.0.2.11:8080", "10.9.1.2:4000"));
const Flow to_client = read_flow(ipv4_frame(IPPROTO_TCP, "10.0.1.100:80", "10.9.1.2:4000"));

bool means(const Conditions& conditions, const Flow& came, const Flow& left) {
  const auto filter = filter_for(conditions);
  return abi::capture_means(&filter, &came, &left) != 0;
}

/// Whether request and reply of the connection above are meant; they must agree.
bool means_connection(const Conditions& conditions) {
  const bool request = means(conditions, from_client, to_server);
  EXPECT_EQ(request, means(conditions, from_server, to_client));
  return request;
}

TEST(CaptureFilter, NoConditionMeansEverything) {
  EXPECT_TRUE(means_connection({}));
  EXPECT_TRUE(means({}, Flow{}, Flow{}));
}

TEST(CaptureFilter, BothSidesOfATranslatedPacketAreLookedAt) {
  EXPECT_TRUE(means_connection({.client = net::Prefix::parse("10.9.0.0/16")}));
  EXPECT_TRUE(means_connection({.virtual_address = net::Address::parse("10.0.1.100"), .virtual_port = 80}));
  EXPECT_TRUE(means_connection({.server = net::Address::parse("10.0.2.11"), .server_port = 8080}));
  EXPECT_TRUE(means_connection({.protocol = IPPROTO_TCP,
                                .client = net::Prefix::parse("10.9.1.2"),
                                .client_port = 4000,
                                .virtual_address = net::Address::parse("10.0.1.100"),
                                .server = net::Address::parse("10.0.2.11")}));
}

TEST(CaptureFilter, EveryConditionMustBeMet) {
  EXPECT_FALSE(means_connection({.client = net::Prefix::parse("10.8.0.0/16")}));
  EXPECT_FALSE(means_connection({.client = net::Prefix::parse("10.9.0.0/16"), .client_port = 4001}));
  EXPECT_FALSE(means_connection({.virtual_address = net::Address::parse("10.0.1.100"), .virtual_port = 8080}));
  EXPECT_FALSE(means_connection(
      {.virtual_address = net::Address::parse("10.0.1.100"), .server = net::Address::parse("10.0.2.12")}));
  EXPECT_FALSE(means_connection({.protocol = IPPROTO_UDP}));
}

TEST(CaptureFilter, APortMayStandAlone) {
  EXPECT_TRUE(means_connection({.client_port = 4000}));
  EXPECT_TRUE(means_connection({.virtual_port = 80}));
  EXPECT_FALSE(means_connection({.virtual_port = 81}));
}

TEST(CaptureFilter, PrefixesEndAtAnyBit) {
  EXPECT_TRUE(means_connection({.client = net::Prefix::parse("10.9.1.3/31")}));
  EXPECT_FALSE(means_connection({.client = net::Prefix::parse("10.9.1.0/31")}));
  EXPECT_TRUE(means_connection({.client = net::Prefix::parse("0.0.0.0/0")}));
  EXPECT_FALSE(means_connection({.client = net::Prefix::parse("fd00::/8")}));
}

TEST(CaptureFilter, WhatIsNotIpMeetsNoCondition) {
  EXPECT_FALSE(means({.protocol = 0}, Flow{}, Flow{}));
  EXPECT_FALSE(means({.client = net::Prefix::parse("::/0")}, Flow{}, Flow{}));
}

}  // namespace
}  // namespace ballast::capture
