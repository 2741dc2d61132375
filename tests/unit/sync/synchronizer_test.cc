// Two directors over loopback: what one has, the other gets.
#include "sync/synchronizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "sync/record.h"

namespace ballast::sync {
namespace {

using cluster::Connection;
using testing::SizeIs;

net::Endpoint endpoint(std::string_view address, std::uint16_t port) { return {*net::Address::parse(address), port}; }

Connection connection(std::uint16_t client_port) {
  Connection one;
  one.protocol = 6;
  one.client = endpoint("10.9.0.9", client_port);
  one.virtual_address = endpoint("10.0.1.100", 80);
  one.server = one.configured = endpoint("10.0.2.11", 80);
  one.service = cluster::AddressKey{cluster::Protocol::tcp, one.virtual_address};
  one.state = cluster::state_established;
  one.expires_milliseconds = 900'000;
  one.forward = cluster::ForwardingMethod::nat;
  return one;
}

/// A director's table, and what becomes of it.
struct Director {
  explicit Director(boost::asio::io_context& context)
      : synchronizer(context, {.walk =
                                   [this](std::uint32_t cursor, std::uint32_t limit, const Visit& visit) {
                                     for (; cursor < has.size() && limit > 0; ++cursor, --limit) visit(has[cursor]);
                                     return cursor < has.size() ? std::optional(cursor) : std::nullopt;
                                   },
                               .keep_changes = [this](bool keep) { keeps = keep; },
                               .changes =
                                   [this](const Visit& visit) {
                                     for (const auto& one : std::exchange(changed, {})) visit(one);
                                     return std::exchange(lost, 0);
                                   },
                               .admit =
                                   [this](std::span<const Connection> connections) {
                                     if (without_servers) {
                                       return Taken{.refused = connections.size(), .unknown = connections.size()};
                                     }
                                     got.insert(got.end(), connections.begin(), connections.end());
                                     return Taken{.taken = connections.size()};
                                   }}) {}

  std::vector<Connection> has, changed, got;
  std::uint64_t lost = 0;
  bool keeps = false;
  bool without_servers = false;
  Synchronizer synchronizer;
};

class Synchronization : public testing::Test {
 protected:
  static constexpr std::uint16_t port = 18848;
  cluster::SyncSettings settings(std::optional<std::uint16_t> listen, std::vector<std::uint16_t> peers,
                                 std::string key = "a shared secret!") {
    cluster::PeerSync sync{.listen = {}, .peers = {}, .key = std::move(key)};
    if (listen) sync.listen = endpoint("127.0.0.1", *listen);
    for (const auto peer : peers) sync.peers.push_back(endpoint("127.0.0.1", peer));
    return {.kernel = {}, .peers = sync};
  }
  template <typename Condition>
  bool wait_for(Condition condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) context_.run_for(std::chrono::milliseconds(10));
    return condition();
  }

  boost::asio::io_context context_;
  Director one_{context_}, other_{context_};
};

TEST_F(Synchronization, APeerGetsEverythingAndThenWhatChanges) {
  for (std::uint16_t i = 1; i <= 10'000; ++i) one_.has.push_back(connection(i));
  ASSERT_TRUE(other_.synchronizer.apply(settings(port, {})));
  ASSERT_TRUE(one_.synchronizer.apply(settings({}, {port})));
  EXPECT_TRUE(one_.keeps);
  EXPECT_FALSE(other_.keeps);
  ASSERT_TRUE(wait_for([&] { return other_.got.size() == 10'000; }));
  EXPECT_EQ(other_.got.back(), one_.has.back());
  one_.changed = {connection(20'000)};
  ASSERT_TRUE(wait_for([&] { return other_.got.size() == 10'001; }));
  EXPECT_EQ(other_.got.back(), connection(20'000));
  ASSERT_TRUE(wait_for([&] { return one_.synchronizer.state().peers[0].taken == 10'001; }));
  EXPECT_TRUE(one_.synchronizer.state().peers[0].complete);
  EXPECT_TRUE(other_.synchronizer.state().callers[0].second.complete);
}

TEST_F(Synchronization, AfterAGapEverythingIsToldAgain) {
  one_.has = {connection(1), connection(2)};
  ASSERT_TRUE(other_.synchronizer.apply(settings(port + 1, {})));
  ASSERT_TRUE(one_.synchronizer.apply(settings({}, {port + 1})));
  ASSERT_TRUE(wait_for([&] { return other_.got.size() == 2; }));
  one_.lost = 7;
  ASSERT_TRUE(wait_for([&] { return other_.got.size() >= 4; }));
  EXPECT_EQ(one_.synchronizer.state().lost, 7U);
}

TEST_F(Synchronization, APeerThatComesLaterOrAgainGetsEverything) {
  one_.has = {connection(1)};
  ASSERT_TRUE(one_.synchronizer.apply(settings({}, {port + 2})));
  context_.run_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(one_.synchronizer.state().peers[0].connected);
  ASSERT_TRUE(other_.synchronizer.apply(settings(port + 2, {})));
  ASSERT_TRUE(wait_for([&] { return other_.got.size() == 1; }));
}

TEST_F(Synchronization, WhatWasRefusedForWantOfServersIsAskedForAgainWhenTheyChanged) {
  one_.has = {connection(1), connection(2)};
  other_.without_servers = true;
  ASSERT_TRUE(other_.synchronizer.apply(settings(port + 6, {})));
  ASSERT_TRUE(one_.synchronizer.apply(settings({}, {port + 6})));
  ASSERT_TRUE(wait_for([&] { return one_.synchronizer.state().peers[0].complete; }));
  EXPECT_THAT(other_.got, SizeIs(0));
  other_.without_servers = false;
  other_.synchronizer.servers_changed();
  ASSERT_TRUE(wait_for([&] { return other_.got.size() == 2; }));
  EXPECT_TRUE(wait_for([&] { return other_.synchronizer.state().callers[0].second.complete; }));
}

TEST_F(Synchronization, AnotherKeyIsRefused) {
  one_.has = {connection(1)};
  ASSERT_TRUE(other_.synchronizer.apply(settings(port + 3, {}, "another secret!!")));
  ASSERT_TRUE(one_.synchronizer.apply(settings({}, {port + 3})));
  ASSERT_TRUE(wait_for([&] {
    const auto state = other_.synchronizer.state();
    return !state.callers.empty() && state.callers[0].second.malformed > 0;
  }));
  EXPECT_THAT(other_.got, SizeIs(0));
  EXPECT_FALSE(one_.synchronizer.state().peers[0].connected);
}

TEST_F(Synchronization, AnAddressThatCannotBeListenedOnChangesNothing) {
  ASSERT_TRUE(other_.synchronizer.apply(settings(port + 4, {})));
  ASSERT_TRUE(one_.synchronizer.apply(settings(port + 5, {})));
  const auto failed = one_.synchronizer.apply(settings(port + 4, {port}));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, testing::HasSubstr("sync.listen"));
  EXPECT_EQ(one_.synchronizer.state().listen, endpoint("127.0.0.1", port + 5));
}

}  // namespace
}  // namespace ballast::sync
