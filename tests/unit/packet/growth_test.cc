// The connection table grows: connections of two tables, and their way from one to the other.

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

class Growth : public BothHooks {
 protected:
  static Packet segment(std::uint16_t port, std::uint8_t flags) {
    return tcp_segment("10.9.0.1", port, "10.0.1.100", 80, flags);
  }
  static Packet reply(std::uint16_t port, std::uint8_t flags) {
    return tcp_segment("10.0.2.11", 80, "10.9.0.1", port, flags);
  }
  static void establish(PacketPath& path, std::uint16_t from, std::uint16_t to) {
    for (std::uint16_t port = from; port < to; ++port) {
      path.send(segment(port, syn));
      path.send(reply(port, syn | ack));
      path.send(segment(port, ack));
    }
  }
  /// Every connection of these ports is found from both sides.
  static void expect_found(PacketPath& path, std::uint16_t from, std::uint16_t to) {
    for (std::uint16_t port = from; port < to; ++port) {
      ASSERT_EQ(path.send(segment(port, ack)).verdict, Verdict::on) << port;
      ASSERT_EQ(path.send(reply(port, ack)).verdict, Verdict::on) << port;
    }
  }
  static void begin_in_larger(PacketPath& path) {
    path.settings.fill_previous = 0;
    path.apply_settings();
  }
  /// Tests run on one processor; this thread on any but that one, if there is another.
  static void use_another_processor() {
    cpu_set_t others;
    CPU_ZERO(&others);
    const int here = sched_getcpu();
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (i != here) CPU_SET(i, &others);
    }
    sched_setaffinity(0, sizeof others, &others);
  }
  std::unique_ptr<PacketPath> grow() {
    auto larger = PacketPath::growing(path());
    larger->settings.fill_previous = 1;
    larger->apply_settings();
    return larger;
  }
  static void move_all(PacketPath& path) {
    std::uint32_t result = abi::MOVE_ON;
    for (int i = 0; i < 100'000 && result != abi::MOVE_DONE; ++i) result = path.move();
    EXPECT_EQ(result, std::uint32_t{abi::MOVE_DONE});
  }
};
FOR_BOTH_HOOKS(Growth);

TEST_P(Growth, ConnectionsBeginInThePreviousTableUntilEveryHookKnowsBoth) {
  path().add_server(path().add_service());
  const auto larger = grow();
  establish(*larger, 1, 100);
  EXPECT_EQ(larger->previous_connections(), 99u);
  EXPECT_EQ(larger->connections(), 0u);
  expect_found(path(), 1, 100);
  begin_in_larger(*larger);
  establish(*larger, 100, 200);
  EXPECT_EQ(larger->previous_connections(), 99u);
  EXPECT_EQ(larger->connections(), 100u);
  expect_found(*larger, 1, 200);
  EXPECT_EQ(larger->connections_counted(), 199);
}

TEST_P(Growth, EntriesMoveWithTheirStateAndCounts) {
  path().add_server(path().add_service());
  establish(path(), 1, 1000);
  for (std::uint16_t port = 1; port < 500; ++port) path().send(segment(port, rst));
  EXPECT_EQ(path().active_and_inactive(0), std::pair(500, 499));
  const auto larger = grow();
  begin_in_larger(*larger);
  const auto before = path().connection("10.9.0.1", 700);
  move_all(*larger);
  EXPECT_EQ(larger->previous_connections(), 0u);
  EXPECT_EQ(larger->connections(), 999u);
  EXPECT_EQ(larger->connections_counted(), 999);
  EXPECT_EQ(larger->active_and_inactive(0), std::pair(500, 499));
  const auto after = larger->connection("10.9.0.1", 700);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->deadline, before->deadline);
  EXPECT_EQ(after->meta & 0xffff, before->meta & 0xffff);
  expect_found(*larger, 500, 1000);
  for (std::uint16_t port = 500; port < 600; ++port) larger->send(segment(port, rst));
  EXPECT_EQ(larger->active_and_inactive(0), std::pair(400, 599));
}

TEST_P(Growth, EveryConnectionIsFoundAfterEachPiece) {
  path().add_server(path().add_service());
  establish(path(), 1, 3000);
  const auto larger = grow();
  begin_in_larger(*larger);
  int pieces = 0;
  for (std::uint32_t result = abi::MOVE_ON; result != abi::MOVE_DONE && pieces < 1000; ++pieces) {
    result = larger->move();
    EXPECT_EQ(larger->previous_connections() + larger->connections(), 2999u);
    if (pieces % 10 == 0) expect_found(*larger, 1, 3000);
  }
  EXPECT_GT(pieces, 2);
  expect_found(*larger, 1, 3000);
  EXPECT_EQ(larger->active_and_inactive(0), std::pair(2999, 0));
}

TEST_P(Growth, NothingIsLostAndCountsAreExactWhilePacketsChangeWhatMoves) {
  constexpr std::uint16_t last = 2000;
  for (int round = 0; round < 2; ++round) {
    if (round > 0) SetUp();
    path().add_server(path().add_service());
    establish(path(), 1, last);
    const auto larger = grow();
    begin_in_larger(*larger);
    std::atomic<bool> moved{false};
    std::uint16_t passes = 0;
    std::thread traffic([&] {
      use_another_processor();
      while (!moved && passes < 1000) {
        ++passes;
        for (std::uint16_t port = 1; port < last; ++port) {
          const bool closes = port % 7 == passes % 7;
          EXPECT_EQ(larger->send(segment(port, closes ? fin | ack : ack)).verdict, Verdict::on) << port;
          EXPECT_EQ(larger->send(reply(port, closes ? fin | ack : ack)).verdict, Verdict::on) << port;
        }
      }
    });
    move_all(*larger);
    moved = true;
    traffic.join();
    EXPECT_EQ(larger->previous_connections(), 0u);
    EXPECT_EQ(larger->connections(), last - 1u);
    EXPECT_EQ(larger->connections_counted(), last - 1);
    EXPECT_EQ(larger->active_and_inactive(0), larger->active_and_inactive_listed());
  }
}

TEST_P(Growth, ATemplateKeepsItsClientInBothTables) {
  const auto service = path().add_service({.flags = SERVICE_PERSISTENT, .persistence = 300});
  path().add_server(service, {.address = "10.0.2.11"});
  path().add_server(service, {.address = "10.0.2.12"});
  const Address chosen = dissect(path().send(segment(1, syn)).packet()).destination;
  const auto larger = grow();
  begin_in_larger(*larger);
  EXPECT_EQ(dissect(larger->send(segment(2, syn)).packet()).destination, chosen);
  move_all(*larger);
  for (std::uint16_t port = 3; port < 20; ++port) {
    EXPECT_EQ(dissect(larger->send(segment(port, syn)).packet()).destination, chosen);
  }
}

TEST_P(Growth, TheSweepFreesWhatIsOverInBothTables) {
  path().add_server(path().add_service());
  path().settings.timeout[abi::STATE_CLOSE] = 1;
  path().apply_settings();
  establish(path(), 1, 100);
  const auto larger = grow();
  begin_in_larger(*larger);
  establish(*larger, 100, 200);
  for (std::uint16_t port = 50; port < 150; ++port) larger->send(segment(port, rst));
  for (int i = 0; i < 500 && larger->connections_counted() != 99; ++i) usleep(10'000);
  EXPECT_EQ(larger->previous_connections(), 49u);
  EXPECT_EQ(larger->connections(), 50u);
  EXPECT_EQ(larger->active_and_inactive(0), std::pair(99, 0));
}

TEST_P(Growth, ASynOnAClosedConnectionOfThePreviousTableOpensANewOneInTheLarger) {
  path().add_server(path().add_service());
  establish(path(), 1, 2);
  path().send(segment(1, rst));
  const auto larger = grow();
  begin_in_larger(*larger);
  EXPECT_EQ(larger->send(segment(1, syn)).verdict, Verdict::on);
  EXPECT_EQ(larger->previous_connections(), 0u);
  EXPECT_EQ(larger->connections(), 1u);
  EXPECT_EQ(larger->active_and_inactive(0), std::pair(1, 0));
}

}  // namespace
}  // namespace ballast::packet_test
