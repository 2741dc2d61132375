// The TCP state machine, transition by transition, and what counts as active.

#include <sstream>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

constexpr std::string_view names = "NO ES SS SR FW TW CL CW LA LI SA";

/// The tables of ip_vs: direction, event, then the state after it from NO ES SS SR FW TW CL CW LA LI SA.
constexpr std::string_view tables = R"(
IN  syn  SR ES ES SR SR SR SR SR SR SR SR
IN  fin  CL CW SS TW TW TW CL CW LA LI TW
IN  ack  ES ES SS ES FW TW CL CW CL LI ES
IN  rst  CL CL CL SR CL CL CL CL LA LI SR
OUT syn  SS ES SS SR SS SS SS SS SS LI SR
OUT fin  TW FW SS TW FW TW CL TW LA LI TW
OUT ack  ES ES SS ES FW TW CL CW LA ES ES
OUT rst  CL CL SS CL CL TW CL CL CL CL CL
INO syn  SR ES ES SR SR SR SR SR SR SR SR
INO fin  CL FW SS TW FW TW CL CW LA LI TW
INO ack  ES ES SS ES FW TW CL CW CL LI ES
INO rst  CL CL CL SR CL CL CL CL LA LI CL
)";

std::uint32_t state_of(const std::string& name) { return static_cast<std::uint32_t>(names.find(name) / 3); }
bool is_active(const std::string& name) { return name == "ES" || name == "SS" || name == "SR" || name == "SA"; }

class States : public BothHooks {
 protected:
  std::string state() {
    const auto c = path().connection("10.9.0.1", 2000);
    return c ? std::string(names.substr(((c->meta & META_STATE) >> META_STATE_SHIFT) * 3, 2)) : "none";
  }
  void send(const std::string& direction, std::uint8_t flags) {
    path().send(direction == "OUT" ? tcp_segment("10.0.2.11", 80, "10.9.0.1", 2000, flags)
                                   : tcp_segment("10.9.0.1", 2000, "10.0.1.100", 80, flags));
  }
  void start(abi::forwarding_method method) {
    PacketPath::of(GetParam());
    path().add_server(path().add_service(), {.method = method});
    send("IN", syn);
  }
};
FOR_BOTH_HOOKS(States);

TEST_P(States, ChangeAsTheTablesSayWithExactCounts) {
  std::istringstream lines{std::string(tables)};
  std::string direction, event;
  int transitions = 0;
  while (lines >> direction >> event) {
    for (int from = 0; from < 11; ++from) {
      const std::string before(names.substr(static_cast<std::size_t>(from) * 3, 2));
      std::string after;
      lines >> after;
      const std::uint8_t flags = event == "syn" ? syn : event == "fin" ? fin : event == "ack" ? ack : rst;
      start(direction == "INO" ? abi::FORWARD_ROUTE : abi::FORWARD_NAT);
      path().put_in_state(static_cast<std::uint32_t>(from), direction != "INO");
      send(direction, flags);
      EXPECT_EQ(state(), after) << direction << " " << event << " in " << before << "; " << path().counters();
      const auto counts = is_active(after) ? std::pair{1, 0} : std::pair{0, 1};
      EXPECT_EQ(path().active_and_inactive(0), counts) << direction << " " << event << " in " << before;
      ++transitions;
    }
  }
  EXPECT_EQ(transitions, 132);
}

TEST_P(States, TheFirstOfRstSynFinAckDecides) {
  struct Case {
    std::uint8_t flags;
    const char* from;
    const char* to;
  };
  for (const Case c : {Case{rst | syn | fin | ack, "ES", "CL"},
                       {syn | fin | ack, "ES", "ES"},
                       {fin | ack, "ES", "CW"},
                       {ack | psh, "SR", "ES"},
                       {psh, "SR", "SR"},
                       {0, "FW", "FW"}}) {
    start(abi::FORWARD_NAT);
    path().put_in_state(state_of(c.from), true);
    send("IN", c.flags);
    EXPECT_EQ(state(), c.to) << int{c.flags};
  }
}

TEST_P(States, AWholeConversationWithNatEndsInTimeWait) {
  start(abi::FORWARD_NAT);
  EXPECT_EQ(state(), "SR");
  for (const auto& [direction, flags, after] : {std::tuple{"OUT", syn | ack, "SR"},
                                                {"IN", ack, "ES"},
                                                {"IN", ack | psh, "ES"},
                                                {"OUT", ack | psh, "ES"},
                                                {"IN", fin | ack, "CW"},
                                                {"OUT", fin | ack, "TW"},
                                                {"IN", ack, "TW"}}) {
    send(direction, static_cast<std::uint8_t>(flags));
    EXPECT_EQ(state(), after);
  }
  EXPECT_EQ(path().active_and_inactive(0), std::pair(0, 1));
}

TEST_P(States, DirectRoutingSeesOnlyTheClient) {
  start(abi::FORWARD_ROUTE);
  EXPECT_EQ(state(), "SR");
  for (const auto& [flags, after] : {std::pair{ack, "ES"}, {fin, "FW"}, {ack, "FW"}}) {
    send("IN", flags);
    EXPECT_EQ(state(), after);
  }
}

TEST_P(States, APacketGivesItsConnectionTheTimeOfTheNewState) {
  start(abi::FORWARD_NAT);
  const auto half_open = path().connection("10.9.0.1", 2000);
  send("OUT", syn | ack);
  send("IN", ack);
  const auto open = path().connection("10.9.0.1", 2000);
  const std::uint32_t more = abi::ticks(900'000'000'000) - abi::ticks(60'000'000'000);
  EXPECT_GE(open->deadline - half_open->deadline, more);
  EXPECT_LE(open->deadline - half_open->deadline, more + abi::ticks(60'000'000'000));
}

TEST_P(States, UdpIsNeverActive) {
  const auto server = path().add_server(path().add_service({.port = 53, .protocol = udp}));
  path().send(udp_datagram("10.9.0.1", 2000, "10.0.1.100", 53));
  path().send(udp_datagram("10.0.2.11", 53, "10.9.0.1", 2000));
  EXPECT_EQ(path().active_and_inactive(server), std::pair(0, 1));
  EXPECT_EQ((path().connection("10.9.0.1", 2000)->meta & META_STATE) >> META_STATE_SHIFT,
            static_cast<std::uint32_t>(abi::STATE_UDP));
}

}  // namespace
}  // namespace ballast::packet_test
