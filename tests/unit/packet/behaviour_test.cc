// The settings that ip_vs has as sysctls.

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class Behaviour : public BothHooks {
 protected:
  void SetUp() override {
    BothHooks::SetUp();
    service_ = path().add_service();
    for (const char* server : {"10.0.2.11", "10.0.2.12"}) path().add_server(service_, {.address = server});
  }
  void set(std::uint32_t on, std::uint32_t off = 0) {
    path().settings.behaviour = (path().settings.behaviour | on) & ~off;
    path().apply_settings();
  }
  Answer send(std::uint16_t port, std::uint8_t flags) {
    return path().send(tcp_segment("10.9.0.1", port, "10.0.1.100", 80, flags));
  }
  Answer reply(std::uint16_t port, std::uint8_t flags, std::string_view server = "10.0.2.12") {
    return path().send(tcp_segment(server, 80, "10.9.0.1", port, flags));
  }
  std::uint32_t state(std::uint16_t port) {
    const auto entry = path().connection("10.9.0.1", port);
    return entry ? (entry->meta & META_STATE) >> META_STATE_SHIFT : std::uint32_t{abi::STATE_COUNT};
  }
  void take_away(std::uint32_t server) {
    auto gone = path().server(service_ * CHUNK_MEMBERS + server);
    gone.flags &= ~SERVER_AVAILABLE;
    path().set_server(service_ * CHUNK_MEMBERS + server, gone);
    path().set_weight(service_ * CHUNK_MEMBERS + server, 0);
  }
  static Address server_in(const Answer& answer) { return dissect(answer.packet()).destination; }

  std::uint32_t service_ = 0;
};
FOR_BOTH_HOOKS(Behaviour);

TEST_P(Behaviour, WithoutReuseASynOnAClosedConnectionStaysOnIt) {
  set(0, BEHAVIOUR_REUSE_CLOSED);
  EXPECT_EQ(server_in(send(1000, syn)), address("10.0.2.12"));
  reply(1000, rst | ack);
  ASSERT_EQ(state(1000), std::uint32_t{abi::STATE_CLOSE});
  EXPECT_EQ(server_in(send(1000, syn)), address("10.0.2.12"));
  EXPECT_EQ(path().counter("connections_reused"), 0u);
}

TEST_P(Behaviour, ReuseCanTakeInFinWaitWhereRepliesDoNotPass) {
  const auto direct = path().add_service({.port = 81});
  for (const char* server : {"10.0.2.11", "10.0.2.12"})
    path().add_server(direct, {.address = server, .method = abi::FORWARD_ROUTE});
  const auto to_81 = [&](std::uint8_t flags) { path().send(tcp_segment("10.9.0.1", 1000, "10.0.1.100", 81, flags)); };
  for (const std::uint8_t flags : {int{syn}, int{ack}, fin | ack, int{syn}}) to_81(flags);
  EXPECT_EQ(path().counter("connections_reused"), 0u);
  to_81(fin | ack);
  set(BEHAVIOUR_REUSE_FIN_WAIT);
  to_81(syn);
  EXPECT_EQ(path().counter("connections_created"), 2u);
}

TEST_P(Behaviour, PacketsToARemovedServerAreDroppedUnlessItsConnectionsExpire) {
  send(1000, syn);
  take_away(1);
  EXPECT_EQ(send(1000, ack).verdict, Verdict::drop);
  EXPECT_EQ(path().counter("server_gone"), 1u);
  set(BEHAVIOUR_EXPIRE_REMOVED);
  expect_untouched(tcp_segment("10.9.0.1", 1000, "10.0.1.100", 80, ack).frame());
  EXPECT_EQ(path().connections(), 0u);
  EXPECT_EQ(server_in(send(1000, syn)), address("10.0.2.11"));
}

TEST_P(Behaviour, ASynToAQuiescentServerIsScheduledAnewWhereConnectionsExpire) {
  send(1000, syn);
  path().set_weight(service_ * CHUNK_MEMBERS + 1, 0);
  EXPECT_EQ(server_in(send(1000, syn)), address("10.0.2.12"));
  set(BEHAVIOUR_EXPIRE_REMOVED);
  EXPECT_EQ(server_in(send(1000, ack)), address("10.0.2.12"));
  EXPECT_EQ(server_in(send(1000, syn)), address("10.0.2.11"));
}

TEST_P(Behaviour, ConnectionsInTheirMiddleArePickedUpWhereThatIsAsked) {
  expect_untouched(tcp_segment("10.9.0.1", 1000, "10.0.1.100", 80, ack).frame());
  set(BEHAVIOUR_PICK_UP_TCP);
  EXPECT_EQ(send(1000, ack).verdict, Verdict::on);
  EXPECT_EQ(state(1000), std::uint32_t{abi::STATE_ESTABLISHED});
  expect_untouched(tcp_segment("10.9.0.1", 1001, "10.0.1.100", 80, rst).frame());
}

TEST_P(Behaviour, SecureTcpBelievesOnlyTheServer) {
  set(BEHAVIOUR_SECURE_TCP);
  send(1000, syn);
  send(1000, ack);
  EXPECT_EQ(state(1000), std::uint32_t{abi::STATE_SYN_RECV});
  reply(1000, syn | ack);
  EXPECT_EQ(state(1000), std::uint32_t{abi::STATE_SYNACK});
  send(1000, ack);
  EXPECT_EQ(state(1000), std::uint32_t{abi::STATE_SYNACK});
  reply(1000, ack);
  EXPECT_EQ(state(1000), std::uint32_t{abi::STATE_ESTABLISHED});
}

TEST_P(Behaviour, ADefenceCanWaitUntilTheTableIsFilled) {
  path().settings.connections_filled = 0;
  set(BEHAVIOUR_SECURE_TCP_FILLED);
  send(1000, syn);
  send(1000, ack);
  EXPECT_EQ(state(1000), std::uint32_t{abi::STATE_SYN_RECV});
  path().settings.connections_filled = 10;
  set(0);
  send(1000, ack);
  EXPECT_EQ(state(1000), std::uint32_t{abi::STATE_ESTABLISHED});
}

TEST_P(Behaviour, NewConnectionsAreDroppedAtARateInDefence) {
  path().settings.drop_rate = 1;
  set(BEHAVIOUR_DROP_PACKETS);
  EXPECT_EQ(send(1000, syn).verdict, Verdict::drop);
  EXPECT_EQ(path().counter("defence_dropped"), 1u);
  path().settings.drop_rate = 1'000'000'000;
  set(0);
  EXPECT_EQ(send(1000, syn).verdict, Verdict::on);
  path().settings.drop_rate = 1;
  set(0);
  EXPECT_EQ(send(1000, ack).verdict, Verdict::on);
}

TEST_P(Behaviour, AnUnknownReplyOfARealServerIsRefusedWhereThatIsAsked) {
  path().add_replier("10.0.2.12", 80, tcp);
  expect_untouched(tcp_segment("10.0.2.12", 80, "10.9.0.1", 1000, ack).frame());
  set(BEHAVIOUR_REFUSE_REPLIES);
  const auto answer = reply(1000, ack);
  ASSERT_EQ(answer.verdict, in_xdp() ? Verdict::back : Verdict::on) << path().counters();
  const auto error = dissect(answer.packet());
  EXPECT_EQ(error.error, "");
  EXPECT_EQ(error.destination, address("10.0.2.12"));
  EXPECT_EQ(error.icmp_type, 3);
  EXPECT_EQ(error.icmp_code, 3);
  EXPECT_EQ(path().counter("replies_refused"), 1u);
  expect_untouched(tcp_segment("10.0.2.12", 80, "10.9.0.1", 1000, rst).frame());
  expect_untouched(tcp_segment("10.0.2.12", 81, "10.9.0.1", 1000, ack).frame());
  send(1000, syn);
  EXPECT_EQ(reply(1000, syn | ack).verdict, Verdict::on);
}

TEST_P(Behaviour, AnErrorAboutAnUnknownConnectionOpensItWhereThatIsAsked) {
  const auto about = tcp_segment("10.0.1.100", 80, "10.9.0.1", 1000, ack).packet();
  const auto error = icmp_error("10.9.0.254", "10.0.1.100", 3, 4, 1400, about);
  expect_untouched(error.frame());
  set(BEHAVIOUR_SCHEDULE_ICMP);
  const auto answer = path().send(error);
  ASSERT_EQ(answer.verdict, Verdict::on) << path().counters();
  EXPECT_EQ(dissect(answer.packet()).destination, address("10.0.2.12"));
  EXPECT_EQ(state(1000), std::uint32_t{abi::STATE_NONE});
}

TEST_P(Behaviour, WithoutPathMtuDiscoveryOuterPacketsMayBeCut) {
  const auto tunnel = path().add_service({.port = 82});
  path().add_server(tunnel, {.method = abi::FORWARD_TUNNEL});
  auto packet = tcp_segment("10.9.0.1", 1000, "10.0.1.100", 82, syn);
  packet.dont_fragment = true;
  EXPECT_TRUE(dissect(path().send(packet).packet()).dont_fragment);
  set(0, BEHAVIOUR_PATH_MTU);
  EXPECT_FALSE(dissect(path().send(packet).packet()).dont_fragment);
}

}  // namespace
}  // namespace ballast::packet_test
