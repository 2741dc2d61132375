// The connection table: who gets in, who stays, who goes.

#include <unistd.h>

#include <map>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class Table : public BothHooks {
 protected:
  static Packet segment(std::uint16_t port, std::uint8_t flags) {
    return tcp_segment("10.9.0.1", port, "10.0.1.100", 80, flags);
  }
  void establish(std::uint16_t port) {
    path().send(segment(port, syn));
    path().send(tcp_segment("10.0.2.11", 80, "10.9.0.1", port, syn | ack));
    path().send(segment(port, ack));
  }
  void limit(std::uint32_t connections) {
    path().settings.connections_max = connections;
    path().apply_settings();
  }
  /// Waits until the sweep has left so many connections.
  void wait_for_connections(std::size_t count) {
    for (int i = 0; i < 500 && path().connections() != count; ++i) usleep(10'000);
    EXPECT_EQ(path().connections(), count);
  }
  void wait_for_sweeps(std::uint64_t count) {
    const auto before = path().sweep_runs();
    for (int i = 0; i < 1000 && path().sweep_runs() - before < count; ++i) usleep(10'000);
  }
};
FOR_BOTH_HOOKS(Table);

TEST_P(Table, AConnectionKeepsItsServer) {
  const auto service = path().add_service();
  for (int i = 0; i < 4; ++i) path().add_server(service, {.address = "10.0.2." + std::string(1, char('1' + i))});
  std::map<std::uint16_t, Address> servers;
  for (std::uint16_t port = 1000; port < 3000; ++port) {
    servers[port] = dissect(path().send(segment(port, syn)).packet()).destination;
  }
  for (const auto& [port, server] : servers) {
    for (const std::uint8_t flags : {syn, ack}) {
      EXPECT_EQ(dissect(path().send(segment(port, flags)).packet()).destination, server);
    }
  }
  EXPECT_EQ(path().connections(), 2000u);
  EXPECT_EQ(path().connections_counted(), 2000);
  EXPECT_EQ(path().counter("connections_created"), 2000u);
  for (std::uint32_t server = 0; server < 4; ++server) EXPECT_EQ(path().active_and_inactive(server), std::pair(500, 0));
}

TEST_P(Table, OnlyASynOpensATcpConnection) {
  path().add_server(path().add_service());
  for (const std::uint8_t flags : {0, int{ack}, int{fin}, fin | ack, int{rst}, syn | rst, int{psh}}) {
    expect_untouched(segment(2000, flags).frame());
  }
  EXPECT_EQ(path().connections(), 0u);
  EXPECT_EQ(path().send(segment(2000, syn | ack)).verdict, Verdict::on);
  EXPECT_EQ(path().connections(), 1u);
}

TEST_P(Table, WhenItIsFullAHalfOpenConnectionMakesRoom) {
  path().add_server(path().add_service());
  limit(8);
  for (std::uint16_t port = 1; port <= 4; ++port) establish(port);
  for (std::uint16_t port = 5; port <= 8; ++port) path().send(segment(port, syn));
  EXPECT_EQ(path().counter("table_full_evicted"), 0u);
  for (std::uint16_t port = 9; port <= 40; ++port) {
    const Answer answer = path().send(segment(port, syn));
    // One search looks at a part of the table: it may find none.
    EXPECT_EQ(answer.verdict, path().connection("10.9.0.1", port) ? Verdict::on : Verdict::drop);
  }
  EXPECT_GT(path().counter("table_full_evicted"), 0u);
  EXPECT_EQ(path().counter("table_full_evicted") + path().counter("table_full_dropped"), 32u);
  for (std::uint16_t port = 1; port <= 4; ++port) EXPECT_TRUE(path().connection("10.9.0.1", port)) << port;
  EXPECT_EQ(path().connections(), 8u);
  EXPECT_EQ(path().connections_counted(), 8);
  EXPECT_EQ(path().active_and_inactive(0), std::pair(8, 0));
}

TEST_P(Table, WhenItIsFullOfEstablishedConnectionsNewOnesAreDropped) {
  path().add_server(path().add_service());
  limit(4);
  for (std::uint16_t port = 1; port <= 4; ++port) establish(port);
  EXPECT_EQ(path().send(segment(5, syn)).verdict, Verdict::drop);
  EXPECT_EQ(path().counter("table_full_dropped"), 1u);
  EXPECT_EQ(path().counter("table_full_evicted"), 0u);
  EXPECT_EQ(path().active_and_inactive(0), std::pair(4, 0));
  for (std::uint16_t port = 1; port <= 4; ++port) EXPECT_EQ(path().send(segment(port, ack)).verdict, Verdict::on);
}

TEST_P(Table, ASegmentOfTheTableThatIsFullTakesNoMoreWithoutHalfOpenOnes) {
  // 512 segments of 64 slots: with far more connections than slots some segment is full first.
  path().add_server(path().add_service({.port = 53, .protocol = udp}));
  limit(1'000'000);
  constexpr int offered = 40'000;
  for (int i = 0; i < offered; ++i) {
    Packet p = udp_datagram("10.9.0.1", static_cast<std::uint16_t>(1 + i), "10.0.1.100", 53);
    path().send(p);
  }
  const auto created = path().counter("connections_created"), dropped = path().counter("table_full_dropped");
  EXPECT_EQ(created + dropped, static_cast<std::uint64_t>(offered));
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(path().connections(), created);
  EXPECT_EQ(path().connections_counted(), static_cast<std::int64_t>(created));
  EXPECT_EQ(path().active_and_inactive(0), std::pair(0, static_cast<int>(created)));
}

TEST_P(Table, ASynOnAClosedConnectionOpensANewOne) {
  const auto service = path().add_service();
  path().add_server(service, {.address = "10.0.2.11"});
  path().add_server(service, {.address = "10.0.2.12"});
  EXPECT_EQ(dissect(path().send(segment(2000, syn)).packet()).destination, address("10.0.2.12"));
  path().send(segment(2000, ack));
  path().send(segment(2000, rst));
  EXPECT_EQ(path().active_and_inactive(1), std::pair(0, 1));
  EXPECT_EQ(dissect(path().send(segment(2000, syn)).packet()).destination, address("10.0.2.11"));
  EXPECT_EQ(path().counter("connections_reused"), 1u);
  EXPECT_EQ(path().connections(), 1u);
  EXPECT_EQ(path().connections_counted(), 1);
  EXPECT_EQ(path().active_and_inactive(0), std::pair(1, 0));
  EXPECT_EQ(path().active_and_inactive(1), std::pair(0, 0));
}

TEST_P(Table, TheSweepFreesWhatIsOver) {
  path().settings.timeout[abi::STATE_SYN_RECV] = 1;
  path().apply_settings();
  path().add_server(path().add_service());
  establish(1);
  for (std::uint16_t port = 100; port < 400; ++port) path().send(segment(port, syn));
  wait_for_connections(1);
  EXPECT_EQ(path().connections_counted(), 1);
  EXPECT_EQ(path().counter("connections_expired"), 300u);
  EXPECT_EQ(path().active_and_inactive(0), std::pair(1, 0));
  for (std::uint16_t port = 100; port < 400; ++port) expect_untouched(segment(port, ack).frame());
  EXPECT_EQ(path().send(segment(1, ack)).verdict, Verdict::on);
}

TEST_P(Table, TheSweepFreesWhatHasGotANearerDeadline) {
  path().settings.timeout[abi::STATE_CLOSE] = 1;
  path().apply_settings();
  path().add_server(path().add_service());
  for (std::uint16_t port = 1; port <= 50; ++port) establish(port);
  wait_for_sweeps(3);
  for (std::uint16_t port = 1; port <= 50; port += 2) path().send(segment(port, rst));
  wait_for_connections(25);
  EXPECT_EQ(path().active_and_inactive(0), std::pair(25, 0));
}

TEST_P(Table, TheSweepPassesOverSegmentsWhoseBoundIsNotOver) {
  path().add_server(path().add_service());
  for (std::uint16_t port = 1; port <= 50; ++port) establish(port);
  path().end_connections(false);
  wait_for_sweeps(10);
  EXPECT_EQ(path().connections(), 50u);
  path().end_connections(true);
  wait_for_connections(0);
  EXPECT_EQ(path().active_and_inactive(0), std::pair(0, 0));
}

TEST_P(Table, TheSweepFreesManyConnectionsInManyRuns) {
  path().add_server(path().add_service({.port = 53, .protocol = udp}));
  for (std::uint16_t port = 1; port <= 12'000; ++port) path().send(udp_datagram("10.9.0.1", port, "10.0.1.100", 53));
  const auto created = path().counter("connections_created");
  wait_for_sweeps(1);
  const auto before = path().sweep_runs();
  path().end_connections(true);
  wait_for_connections(0);
  EXPECT_EQ(path().counter("connections_expired"), created);
  EXPECT_EQ(path().connections_counted(), 0);
  // No processor frees one in less than 10 ns.
  EXPECT_GE(path().sweep_runs() - before, created * 10 / PacketPath::sweep_budget_ns);
}

TEST_P(Table, AServerAtItsUpperThresholdTakesNoMoreUntilItIsBelowTheLower) {
  const auto service = path().add_service();
  path().add_server(service, {.upper = 3, .lower = 2});
  path().settings.timeout[abi::STATE_CLOSE] = 1;
  path().apply_settings();
  for (std::uint16_t port = 1; port <= 3; ++port) EXPECT_EQ(path().send(segment(port, syn)).verdict, Verdict::on);
  path().send(segment(4, syn));
  EXPECT_EQ(path().counter("no_server"), 1u);
  const auto close = [&](std::uint16_t port, std::size_t left) {
    path().send(segment(port, ack));
    path().send(segment(port, rst));
    wait_for_connections(left);
  };
  close(1, 2);
  path().send(segment(4, syn));
  EXPECT_EQ(path().counter("no_server"), 2u);
  close(2, 1);
  EXPECT_EQ(path().send(segment(4, syn)).verdict, Verdict::on);
}

}  // namespace
}  // namespace ballast::packet_test
