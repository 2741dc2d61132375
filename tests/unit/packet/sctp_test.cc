// SCTP: the state machine, transition by transition, what starts and restarts a connection, and what becomes of packets
// on their way, with their checksum against one computed anew.

#include <random>
#include <sstream>

#include "bpf/crc32c.h"
#include "packet_path.h"

namespace ballast::packet_test {
namespace {

constexpr std::string_view names = "NO I1 IN CS CR CW CO CE ES SS SR SA RJ CL";
constexpr std::uint32_t states = 14;

/// The tables of ip_vs: direction, event, then the state after it from each of the above.
constexpr std::string_view tables = R"(
IN  d   ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL
IN  i   I1 IN IN CS CR CW CO CE ES SS SR SA IN IN
IN  ia  CW CW CW CS CR CO CO CE ES SS SR SA RJ CL
IN  ce  CR IN IN CR CR CW CO CE ES SS SR SA RJ CL
IN  ca  ES I1 IN CS CR CW CO ES ES SS SR SA RJ CL
IN  s   SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL
IN  sa  CL IN IN CS CR CW CO CE ES CL SR CL RJ CL
IN  sc  CL CL CL CS CR CW CO CE ES SS SR CL RJ CL
IN  er  CL I1 IN CS CR CW CO CL ES SS SR SA RJ CL
IN  ab  CL CL CL CL CL RJ CL CL CL CL CL CL CL CL
OUT d   ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL
OUT i   CW CW CW CW CW CW CW CW ES CW CW CW CW CW
OUT ia  CS CS CS CS CR CW CO CE ES SS SR SA RJ CL
OUT ce  CE CE CE CE CE CE CE CE ES SS SR SA RJ CL
OUT ca  ES ES ES ES ES ES ES ES ES SS SR SA RJ CL
OUT s   SS SS SS SS SS SS SS SS SS SS SR SA RJ CL
OUT sa  SA SA SA SA SA CW CO CE ES SA SA SA RJ CL
OUT sc  CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL
OUT er  CL CL CL CL CL CW CO CE ES SS SR SA RJ CL
OUT ab  CL RJ CL CL CL CL CL CL CL CL CL CL CL CL
INO d   ES I1 IN CS CR ES CO CE ES SS SR SA RJ CL
INO i   I1 IN IN IN IN IN CO CE ES SS SR SA IN IN
INO ia  CE CE CE CE CE CE CO CE ES SS SR SA RJ CL
INO ce  ES ES ES ES ES ES CO CE ES SS SR SA RJ CL
INO ca  ES I1 IN ES ES CW ES ES ES SS SR SA RJ CL
INO s   SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL
INO sa  CL IN IN CS CR CW CO CE CL CL SR CL RJ CL
INO sc  CL CL CL CL CL CW CO CE ES SS CL CL RJ CL
INO er  CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL
INO ab  CL CL CL CL CL RJ CL CL CL CL CL CL CL CL
)";

const std::pair<std::string_view, std::uint8_t> events[] = {
    {"d", data},     {"i", init},          {"ia", init_ack},          {"ce", cookie_echo}, {"ca", cookie_ack},
    {"s", shutdown}, {"sa", shutdown_ack}, {"sc", shutdown_complete}, {"er", error},       {"ab", abort_chunk}};

std::uint8_t chunk_of(std::string_view event) {
  for (const auto& [name, chunk] : events) {
    if (name == event) return chunk;
  }
  ADD_FAILURE() << event;
  return 0;
}

std::uint32_t number_of(std::string_view name) {
  const auto column = static_cast<std::uint32_t>(names.find(name) / 3);
  return column == 0 ? 0 : abi::STATE_UDP + column;
}

class Sctp : public BothHooks {
 protected:
  std::uint32_t start(abi::forwarding_method method, std::uint16_t server_port = 0) {
    PacketPath::of(GetParam());
    const auto service = path().add_service({.port = 3868, .protocol = sctp});
    const auto server = path().add_server(service, {.port = server_port, .method = method});
    path().send(from_client(init));
    return server;
  }
  static Packet from_client(std::uint8_t chunk) { return sctp_packet("10.9.0.1", 2000, "10.0.1.100", 3868, chunk); }
  static Packet from_server(std::uint8_t chunk, std::uint16_t port = 3868) {
    Packet p = sctp_packet("10.0.2.11", port, "10.9.0.1", 2000, chunk);
    p.to = inside_mac;
    p.from = server_mac;
    return p;
  }
  std::string state() {
    const auto c = path().connection("10.9.0.1", 2000);
    if (!c) return "none";
    const std::uint32_t number = (c->meta & META_STATE) >> META_STATE_SHIFT;
    return std::string(names.substr(number == 0 ? 0 : std::size_t{number - abi::STATE_UDP} * 3, 2));
  }
  void send(std::string_view direction, std::uint8_t chunk) {
    path().send(direction == "OUT" ? from_server(chunk) : from_client(chunk));
  }
};
FOR_BOTH_HOOKS(Sctp);

TEST_P(Sctp, StatesChangeAsTheTablesSayWithExactCounts) {
  std::istringstream lines{std::string(tables)};
  std::string direction, event;
  int transitions = 0;
  while (lines >> direction >> event) {
    for (std::uint32_t from = 0; from < states; ++from) {
      const std::string before(names.substr(std::size_t{from} * 3, 2));
      std::string after;
      lines >> after;
      if (before == "CL" && event == "i" && direction != "OUT") after = "I1";  // starts anew
      start(direction == "INO" ? abi::FORWARD_ROUTE : abi::FORWARD_NAT);
      path().put_in_state(number_of(before), direction != "INO");
      send(direction, chunk_of(event));
      EXPECT_EQ(state(), after) << direction << " " << event << " in " << before << "; " << path().counters();
      EXPECT_EQ(path().active_and_inactive(0), after == "ES" ? std::pair(1, 0) : std::pair(0, 1))
          << direction << " " << event << " in " << before;
      ++transitions;
    }
  }
  EXPECT_EQ(transitions, 420);
}

TEST_P(Sctp, ChunksWithoutAnEventOfTheirOwnAreLikeData) {
  for (const std::uint8_t chunk : {data, sack, heartbeat, std::uint8_t{12}, std::uint8_t{15}, std::uint8_t{0xc1}}) {
    start(abi::FORWARD_NAT);
    path().put_in_state(abi::STATE_NONE, true);
    send("IN", chunk);
    EXPECT_EQ(state(), "ES") << int{chunk};
  }
}

TEST_P(Sctp, AnAbortBehindACookieDecides) {
  const Bytes abort_bytes{abort_chunk, 0, 0, 4};
  for (const std::size_t cookie : {std::size_t{0}, std::size_t{13}, std::size_t{260}}) {
    for (const std::uint8_t first : {cookie_echo, cookie_ack}) {
      for (const bool aborted : {true, false}) {
        start(abi::FORWARD_NAT);
        path().put_in_state(abi::STATE_SCTP_COOKIE_SENT, true);
        Packet p = from_client(first);
        p.payload = Bytes(cookie, 1);
        p.more_chunks = aborted ? abort_bytes : Bytes{data, 3, 0, 4};
        path().send(p);
        EXPECT_EQ(state(), aborted ? "CL" : first == cookie_echo ? "CR" : "CS") << cookie;
      }
    }
  }
  start(abi::FORWARD_NAT);
  path().put_in_state(abi::STATE_SCTP_ESTABLISHED, true);
  Packet p = from_client(sack);
  p.more_chunks = abort_bytes;
  path().send(p);
  EXPECT_EQ(state(), "ES") << "behind another chunk it does not";
}

TEST_P(Sctp, WhatLooksLikeAnAbortBehindThePacketIsPadding) {
  start(abi::FORWARD_NAT);
  path().put_in_state(abi::STATE_SCTP_COOKIE_SENT, true);
  Bytes frame = from_client(cookie_echo).frame();
  for (const std::uint8_t byte : {abort_chunk, std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{4}})
    frame.push_back(byte);
  path().send(frame);
  EXPECT_EQ(state(), "CR");
}

TEST_P(Sctp, AWholeAssociationWithNat) {
  start(abi::FORWARD_NAT);
  EXPECT_EQ(state(), "I1");
  for (const auto& [direction, chunk, after] : {std::tuple{"OUT", init_ack, "CS"},
                                                {"IN", cookie_echo, "CR"},
                                                {"OUT", cookie_ack, "ES"},
                                                {"IN", data, "ES"},
                                                {"OUT", sack, "ES"},
                                                {"IN", shutdown, "SR"},
                                                {"OUT", shutdown_ack, "SA"},
                                                {"IN", shutdown_complete, "CL"}}) {
    send(direction, chunk);
    EXPECT_EQ(state(), after);
  }
  EXPECT_EQ(path().active_and_inactive(0), std::pair(0, 1));
}

TEST_P(Sctp, DirectRoutingSeesOnlyTheClient) {
  start(abi::FORWARD_ROUTE);
  EXPECT_EQ(state(), "I1");
  send("IN", init);
  EXPECT_EQ(state(), "IN");
  for (const auto& [chunk, after] :
       {std::pair{cookie_echo, "ES"}, {data, "ES"}, {shutdown, "SR"}, {shutdown_complete, "CL"}}) {
    send("IN", chunk);
    EXPECT_EQ(state(), after);
  }
}

TEST_P(Sctp, OnlyAnInitStartsAConnection) {
  path().add_server(path().add_service({.port = 3868, .protocol = sctp}));
  for (int chunk = 0; chunk < 256; ++chunk) {
    if (chunk != init) expect_untouched(from_client(static_cast<std::uint8_t>(chunk)).frame());
  }
  EXPECT_EQ(path().connections(), 0u);
  path().send(from_client(init));
  EXPECT_EQ(path().connections(), 1u);
}

TEST_P(Sctp, AnythingButAnAbortStartsAConnectionThatMayBePickedUp) {
  path().settings.behaviour |= BEHAVIOUR_PICK_UP_SCTP;
  path().apply_settings();
  path().add_server(path().add_service({.port = 3868, .protocol = sctp}));
  expect_untouched(from_client(abort_chunk).frame());
  path().send(from_client(data));
  EXPECT_EQ(state(), "ES");
  EXPECT_EQ(path().active_and_inactive(0), std::pair(1, 0));
}

TEST_P(Sctp, AnInitStartsAClosedConnectionAnewAndLeavesAnyOtherWithItsServer) {
  for (std::uint32_t column = 1; column < states; ++column) {
    PacketPath::of(GetParam());
    const auto service = path().add_service({.port = 3868, .protocol = sctp});
    const auto first = path().add_server(service);
    path().send(from_client(init));
    path().set_weight(first, 0);
    const auto second = path().add_server(service, {.address = "10.0.2.12"});
    const std::string name(names.substr(std::size_t{column} * 3, 2));
    path().put_in_state(number_of(name), true);
    path().send(from_client(init));
    const auto c = path().connection("10.9.0.1", 2000);
    ASSERT_TRUE(c) << name;
    EXPECT_EQ(c->server, name == "CL" ? second : first) << name;
    EXPECT_EQ(path().counter("connections_reused"), name == "CL" ? 1u : 0u) << name;
    EXPECT_EQ(path().connections(), 1u);
  }
}

TEST_P(Sctp, WithoutARealServerTheClientIsToldThatThePortIsUnreachable) {
  path().add_service({.port = 3868, .protocol = sctp});
  const Packet p = from_client(init);
  const Answer answer = path().send(p);
  const Dissected error = dissect_frame(answer.frame);
  EXPECT_EQ(error.error, "");
  EXPECT_EQ(std::pair(error.icmp_type, error.icmp_code), std::pair(std::uint8_t{3}, std::uint8_t{3}));
  EXPECT_EQ(error.destination, p.source);
  EXPECT_EQ(error.payload, p.packet());
  EXPECT_EQ(path().counter("no_server"), 1u);
}

TEST_P(Sctp, AReplyThatNoConnectionKnowsIsRefusedUnlessItIsAnAbort) {
  path().settings.behaviour |= BEHAVIOUR_REFUSE_REPLIES;
  path().apply_settings();
  path().add_server(path().add_service({.port = 3868, .protocol = sctp}));
  path().add_replier("10.0.2.11", 3868, sctp);
  expect_untouched(from_server(abort_chunk).frame());
  EXPECT_EQ(dissect(path().send(from_server(data)).packet()).icmp_code, 3);
  EXPECT_EQ(path().counter("replies_refused"), 1u);
}

TEST_P(Sctp, HalfOpenOnesMakeRoomInAFullTable) {
  start(abi::FORWARD_NAT);
  path().settings.connections_max = 1;
  path().apply_settings();
  Packet other = from_client(init);
  other.source = address("10.9.0.2");
  path().put_in_state(abi::STATE_SCTP_ESTABLISHED, true);
  EXPECT_EQ(path().send(other).verdict, Verdict::drop);
  EXPECT_EQ(path().counter("table_full_dropped"), 1u);
  path().put_in_state(abi::STATE_SCTP_COOKIE_SENT, true);
  for (int i = 0; i < 40 && path().counter("table_full_evicted") == 0; ++i) path().send(other);
  EXPECT_EQ(path().counter("table_full_evicted"), 1u);
  EXPECT_EQ(state(), "none");
}

TEST_P(Sctp, TranslatesRandomPacketsBothWaysAsIfTheyHadBeenMadeSo) {
  std::mt19937 random(1);
  for (const bool ipv4 : {true, false}) {
    for (const std::uint16_t port : {std::uint16_t{3868}, std::uint16_t{9899}}) {
      PacketPath::of(GetParam());
      const std::string_view virtual_address = ipv4 ? "10.0.1.100" : "fd00:1::100";
      const std::string_view real = ipv4 ? "10.0.2.11" : "fd00:2::11";
      path().add_server(path().add_service({.address = virtual_address, .port = 3868, .protocol = sctp}),
                        {.address = real, .port = port});
      for (int i = 0; i < 400; ++i) {
        const std::string client = (ipv4 ? "10.9.1." : "fd00:9::") + std::to_string(1 + i % 200);
        Packet p = sctp_packet(client, static_cast<std::uint16_t>(1 + random() % 65535), virtual_address, 3868, init);
        p.sequence = static_cast<std::uint32_t>(random());
        p.payload.resize(random() % 1400);
        for (auto& byte : p.payload) byte = static_cast<std::uint8_t>(random());
        if (ipv4 && random() % 4 == 0) p.ip_options = Bytes((1 + random() % 10) * 4, 1);
        if (!ipv4 && random() % 4 == 0) p.extension = Bytes(6 + 8 * (random() % 3), 0);
        Packet expected = p;
        expected.destination = address(real);
        expected.destination_port = port;
        expected.ttl = 63;
        expect_on(path().send(p), expected.packet(), server_mac, inside_mac);

        Packet reply = p;
        reply.chunk = init_ack;
        reply.source = address(real);
        reply.source_port = port;
        reply.destination = p.source;
        reply.destination_port = p.source_port;
        reply.from = server_mac;
        reply.to = inside_mac;
        expected = reply;
        expected.source = p.destination;
        expected.source_port = 3868;
        expected.ttl = 63;
        expect_on(path().send(reply), expected.packet(), client_mac, outside_mac);
        if (HasFailure()) FAIL() << "packet " << i << ": " << to_hex(p.frame());
      }
    }
  }
}

TEST_P(Sctp, AWrongChecksumStaysAsWrongAsItWas) {
  start(abi::FORWARD_NAT, 9899);
  const Packet p = from_client(data);
  Packet expected = p;
  expected.destination = address("10.0.2.11");
  expected.destination_port = 9899;
  expected.ttl = 63;
  Bytes frame = p.frame(), packet = expected.packet();
  const std::size_t check = 20 + 8;
  frame[ethernet_bytes + check] ^= 0x55;
  packet[check] ^= 0x55;
  expect_on(path().send(frame), packet, server_mac, inside_mac);
}

TEST_P(Sctp, AChecksumOfZeroIsStillToBeComputedAndStaysZero) {
  start(abi::FORWARD_NAT, 9899);
  Packet p = from_client(data);
  p.sctp_checksum = false;
  Packet expected = p;
  expected.destination = address("10.0.2.11");
  expected.destination_port = 9899;
  expected.ttl = 63;
  expect_on(path().send(p), expected.packet(), server_mac, inside_mac);
}

TEST_P(Sctp, DirectRoutingAndTunnelsLeaveThePacketAsItIs) {
  start(abi::FORWARD_ROUTE);
  const Packet p = from_client(data);
  Packet expected = p;
  expected.ttl = 63;
  expect_on(path().send(p), expected.packet(), server_mac, inside_mac);
  for (const abi::tunnel_type tunnel : {abi::TUNNEL_IPIP, abi::TUNNEL_GUE, abi::TUNNEL_GRE}) {
    PacketPath::of(GetParam());
    path().add_server(path().add_service({.port = 3868, .protocol = sctp}),
                      {.method = abi::FORWARD_TUNNEL, .tunnel = tunnel, .tunnel_checksum = true});
    const Answer answer = path().send(from_client(init));
    EXPECT_EQ(answer.verdict, Verdict::on);
    EXPECT_EQ(dissect(answer.packet()).error, "");
    Packet inside = from_client(init);
    inside.ttl = 63;
    const Bytes wanted = inside.packet(), got = answer.packet();
    ASSERT_GT(got.size(), wanted.size());
    EXPECT_EQ(to_hex(std::span(got).last(wanted.size())), to_hex(wanted));
  }
}

TEST_P(Sctp, FragmentsFollowTheirFirstOneWhereThePortStays) {
  start(abi::FORWARD_NAT);
  Packet p = from_client(data);
  p.payload = Bytes(200, 'x');
  Packet expected = p;
  expected.destination = address("10.0.2.11");
  expected.ttl = 63;
  const auto sent = p.fragments(80), wanted = expected.fragments(80);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    expect_on(path().send(sent[i]), {wanted[i].begin() + ethernet_bytes, wanted[i].end()}, server_mac, inside_mac);
  }
}

TEST_P(Sctp, AFirstFragmentWhosePortChangesIsDroppedSinceItsChecksumCannotBeMended) {
  start(abi::FORWARD_NAT, 9899);
  Packet p = from_client(data);
  p.payload = Bytes(200, 'x');
  EXPECT_EQ(path().send(p.fragments(80).front()).verdict, Verdict::drop);
  EXPECT_EQ(path().counter("not_rewritten"), 1u);
}

TEST_P(Sctp, WhatIsTooShortForAChunkIsMalformed) {
  start(abi::FORWARD_NAT);
  Packet p = from_client(data);
  p.protocol = 255;
  p.payload = Bytes(15, 0);
  Bytes frame = p.frame();
  frame[ethernet_bytes + 9] = sctp;
  expect_untouched(frame);
  EXPECT_EQ(path().counter("malformed"), 1u);
}

TEST_P(Sctp, AnErrorAboutAReplyGoesToTheServerAsIfAboutItsOwnPacket) {
  start(abi::FORWARD_NAT, 9899);
  for (const std::size_t quoted : {std::size_t{28}, std::size_t{32}, std::size_t{52}}) {
    Packet reply = sctp_packet("10.0.1.100", 3868, "10.9.0.1", 2000, data);
    Packet original = reply;
    original.source = address("10.0.2.11");
    original.source_port = 9899;
    Bytes told = reply.packet(), wanted = original.packet();
    told.resize(quoted);
    wanted.resize(quoted);
    const Packet sent = icmp_error("10.0.1.77", "10.0.1.100", 3, 4, 1400, told);
    Packet expected = icmp_error("10.0.1.77", "10.0.2.11", 3, 4, 1400, wanted);
    expected.ttl = 63;
    expect_on(path().send(sent), expected.packet(), server_mac, inside_mac);
  }
  EXPECT_EQ(path().counter("icmp_relayed_to_server"), 3u);
}

TEST_P(Sctp, AnErrorFromTheServerGoesToTheClientAsIfAboutItsOwnPacket) {
  start(abi::FORWARD_NAT, 9899);
  Packet own = from_client(data);
  Packet forwarded = own;
  forwarded.destination = address("10.0.2.11");
  forwarded.destination_port = 9899;
  Packet sent = icmp_error("10.0.2.11", "10.9.0.1", 3, 3, 0, forwarded.packet());
  sent.to = inside_mac;
  sent.from = server_mac;
  Packet expected = icmp_error("10.0.1.100", "10.9.0.1", 3, 3, 0, own.packet());
  expected.ttl = 63;
  expect_on(path().send(sent), expected.packet(), client_mac, outside_mac);
}

/// x^n modulo the polynomial of CRC32c, the greatest bit being the coefficient of x^0.
std::uint32_t power(std::uint32_t n) {
  std::uint32_t value = 0x80000000;
  for (; n > 0; --n) value = value >> 1 ^ ((value & 1) != 0 ? 0x82f63b78 : 0);
  return value;
}

TEST(Crc32c, TablesHoldWhatTheirCommentsSay) {
  for (std::uint32_t k = 0; k < 4; ++k) {
    for (std::uint32_t digit = 0; digit < 16; ++digit) {
      EXPECT_EQ(crc32c_powers[k][digit], power(8 * digit << 4 * k)) << k << " " << digit;
    }
  }
  for (std::uint32_t bits = 0; bits < 16; ++bits) {
    std::uint32_t remainder = bits;
    for (int i = 0; i < 4; ++i) remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? 0x82f63b78 : 0);
    EXPECT_EQ(crc32c_remainders[bits], remainder);
  }
}

TEST(Crc32c, AChangeOfTheFirstWordChangesTheChecksumAsOneComputedAnew) {
  std::mt19937 random(1);
  EXPECT_EQ(crc32c(Bytes{'1', '2', '3', '4', '5', '6', '7', '8', '9'}), 0xe3069283u);
  for (int i = 0; i < 500; ++i) {
    const std::size_t length = i < 300 ? 12 + random() % 1500 : i == 499 ? 65535 : 12 + random() % 65500;
    Bytes bytes(length);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const std::uint32_t before = crc32c(bytes);
    std::uint32_t difference = 0;
    for (std::size_t at = 0; at < 4; ++at) {
      const auto change = static_cast<std::uint8_t>(random());
      bytes[at] ^= change;
      difference |= std::uint32_t{change} << 8 * at;
    }
    EXPECT_EQ(before ^ crc32c_change(difference, static_cast<std::uint32_t>(length)), crc32c(bytes)) << length;
  }
}

}  // namespace
}  // namespace ballast::packet_test
