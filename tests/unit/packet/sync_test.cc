// What a director tells others of its connections, and what it makes of what they tell.

#include <gmock/gmock.h>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class Sync : public BothHooks {
 protected:
  void SetUp() override {
    BothHooks::SetUp();
    path().settings.flags |= SETTING_SYNC;
    path().apply_settings();
    path().told_changes();
  }
  static Packet from_client(std::uint8_t flags) { return tcp_segment("10.9.0.1", 5000, "10.0.1.100", 80, flags); }
  static Packet from_server(std::uint8_t flags) { return tcp_segment("10.0.2.11", 80, "10.9.0.1", 5000, flags); }
  static std::uint32_t state(const abi::connection& entry) { return (entry.meta & META_STATE) >> META_STATE_SHIFT; }
  void establish() {
    path().send(from_client(syn));
    path().send(from_server(syn | ack));
    path().send(from_client(ack));
  }
  /// A connection of client port 5000 to server 0, as another director tells of it.
  static abi::connection told(std::uint32_t in_state, std::int64_t seconds) {
    abi::connection entry{};
    entry.client = abi::to_abi(*Address::parse("10.9.0.1"));
    entry.virtual_address = abi::to_abi(*Address::parse("10.0.1.100"));
    entry.client_port = abi::port_to_abi(5000);
    entry.virtual_port = abi::port_to_abi(80);
    entry.server_port = abi::port_to_abi(80);
    entry.protocol = tcp;
    entry.deadline = PacketPath::tick() + PacketPath::ticks(seconds);
    entry.meta = META_LIVE | in_state << META_STATE_SHIFT | (in_state == abi::STATE_ESTABLISHED ? 0 : META_INACTIVE);
    return entry;
  }
};

TEST_P(Sync, AConnectionIsToldOfWhenItIsEstablishedAndWhenItCloses) {
  path().add_server(path().add_service());
  path().send(from_client(syn));
  EXPECT_THAT(path().told_changes(), IsEmpty());
  path().send(from_server(syn | ack));
  path().send(from_client(ack));
  auto told = path().told_changes();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(state(told[0]), std::uint32_t{abi::STATE_ESTABLISHED});
  path().send(from_client(ack));
  EXPECT_THAT(path().told_changes(), IsEmpty());
  path().send(from_client(rst));
  told = path().told_changes();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(state(told[0]), std::uint32_t{abi::STATE_CLOSE});
}

TEST_P(Sync, NothingIsToldWhileNobodyAsks) {
  path().settings.flags &= ~SETTING_SYNC;
  path().apply_settings();
  path().add_server(path().add_service());
  establish();
  EXPECT_THAT(path().told_changes(), IsEmpty());
}

TEST_P(Sync, ADatagramsConnectionIsToldOfOnce) {
  path().add_server(path().add_service({.protocol = udp}));
  for (int i = 0; i < 3; ++i) path().send(udp_datagram("10.9.0.1", 5000, "10.0.1.100", 80));
  EXPECT_THAT(path().told_changes(), SizeIs(1));
}

TEST_P(Sync, AnAdmittedConnectionGoesOnInBothDirections) {
  const auto server = path().add_server(path().add_service());
  EXPECT_EQ(path().send(from_client(ack)).verdict, Verdict::pass);
  EXPECT_EQ(path().admit({told(abi::STATE_ESTABLISHED, 900)}).entered, 1U);
  EXPECT_EQ(path().active_and_inactive(server), (std::pair{1, 0}));
  EXPECT_EQ(path().send(from_client(ack)).verdict, Verdict::on);
  EXPECT_EQ(path().send(from_server(ack)).verdict, Verdict::on);
  EXPECT_EQ(path().connections_counted(), 1);
}

TEST_P(Sync, WhatIsToldAgainRenewsTheConnection) {
  const auto server = path().add_server(path().add_service());
  path().admit({told(abi::STATE_ESTABLISHED, 900)});
  EXPECT_EQ(path().admit({told(abi::STATE_TIME_WAIT, 120)}).renewed, 1U);
  EXPECT_EQ(path().active_and_inactive(server), (std::pair{0, 1}));
  const auto entry = path().connection("10.9.0.1", 5000);
  ASSERT_TRUE(entry);
  EXPECT_LE(static_cast<std::int32_t>(entry->deadline - PacketPath::tick()),
            static_cast<std::int32_t>(PacketPath::ticks(120)));
  EXPECT_EQ(path().connections_counted(), 1);
}

TEST_P(Sync, AConnectionThatIsHereOnAnotherServerStaysThere) {
  const auto service = path().add_service();
  const auto server = path().add_server(service);
  establish();
  auto elsewhere = told(abi::STATE_ESTABLISHED, 900);
  elsewhere.server = path().add_server(service, {.address = "10.0.2.12"});
  EXPECT_EQ(path().admit({elsewhere}).refused, 1U);
  EXPECT_EQ(path().active_and_inactive(server), (std::pair{1, 0}));
  EXPECT_EQ(path().active_and_inactive(elsewhere.server), (std::pair{0, 0}));
}

TEST_P(Sync, AnAdmittedTemplateLeadsItsClientToItsServer) {
  const auto service = path().add_service({.persistence = 300});
  path().add_server(service);
  const auto second = path().add_server(service, {.address = "10.0.2.12"});
  for (const std::uint32_t server : {0U, second}) {
    path().told_changes();
    auto remembered = told(0, 300);
    remembered.client = abi::to_abi(*Address::parse(server == 0 ? "10.9.0.1" : "10.9.0.2"));
    remembered.client_port = 0;
    remembered.server = server;
    remembered.meta = META_LIVE | META_TEMPLATE;
    EXPECT_EQ(path().admit({remembered}).entered, 1U);
  }
  path().send(tcp_segment("10.9.0.1", 6000, "10.0.1.100", 80, syn));
  path().send(tcp_segment("10.9.0.2", 6000, "10.0.1.100", 80, syn));
  EXPECT_EQ(path().connection("10.9.0.1", 6000)->server, 0U);
  EXPECT_EQ(path().connection("10.9.0.2", 6000)->server, second);
}

TEST_P(Sync, AChildOfATemplateIsHeldByItHere) {
  const auto service = path().add_service({.persistence = 300});
  path().add_server(service);
  auto remembered = told(0, 300);
  remembered.client_port = 0;
  remembered.meta = META_LIVE | META_TEMPLATE;
  auto child = told(abi::STATE_ESTABLISHED, 900);
  child.template_hash = 1;
  EXPECT_EQ(path().admit({remembered, child}).entered, 2U);
  EXPECT_EQ(path().connection("10.9.0.1", 0)->held, 1U);
  EXPECT_EQ(path().connection("10.9.0.1", 5000)->template_hash, path().connection("10.9.0.1", 0)->template_hash);
}

TEST_P(Sync, ATemplateIsToldAgainWithEachConnectionThatJoinsIt) {
  path().add_server(path().add_service({.persistence = 300}));
  path().send(from_client(syn));
  EXPECT_THAT(path().told_changes(), SizeIs(1));
  path().send(tcp_segment("10.9.0.1", 5001, "10.0.1.100", 80, syn));
  EXPECT_THAT(path().told_changes(), IsEmpty());
  path().send(tcp_segment("10.0.2.11", 80, "10.9.0.1", 5001, syn | ack));
  path().send(tcp_segment("10.9.0.1", 5001, "10.0.1.100", 80, ack));
  const auto told = path().told_changes();
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_TRUE(told[0].meta & META_TEMPLATE);
  EXPECT_TRUE(told[0].meta & META_ASSURED);
  EXPECT_EQ(abi::port_from_abi(told[1].client_port), 5001);
}

FOR_BOTH_HOOKS(Sync);

}  // namespace
}  // namespace ballast::packet_test
