// FTP by NAT: control connections are looked into, data connections follow them.

#include <algorithm>
#include <array>
#include <random>
#include <regex>

#include <fmt/format.h>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }
Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

/// "10,0,1,100"
std::string with_commas(std::string address) {
  std::ranges::replace(address, '.', ',');
  return address;
}

class Ftp : public BothHooks {
 protected:
  static constexpr std::uint16_t control = 2000;  ///< the client's port

  std::string client_ = "10.9.0.1", vip_, rip_;
  std::uint32_t server_ = 0;

  /// A service with one server, and a control connection over which nothing was said yet.
  void open(std::string vip, std::string rip, ServiceSpec service = {}, ServerSpec server = {}) {
    vip_ = std::move(vip);
    rip_ = std::move(rip);
    path().settings.flags |= SETTING_FTP;
    path().apply_settings();
    service.address = vip_;
    if (service.port == 80) service.port = 21;
    server.address = rip_;
    server_ = path().add_server(path().add_service(service), server);
    ASSERT_EQ(path().send(tcp_segment(client_, control, vip_, service.port, syn)).verdict, Verdict::on);
  }
  void open_ipv6(std::string vip, std::string rip) {
    client_ = "fd00:9::1";
    open(std::move(vip), std::move(rip));
  }

  /// What becomes of a segment with this text; it must stay sound and of its length.
  std::string passes(Packet p, std::string_view text) {
    p.flags = ack | psh;
    p.payload = bytes_of(text);
    const Answer answer = path().send(p);
    EXPECT_EQ(answer.verdict, Verdict::on) << text;
    const Dissected d = dissect(answer.packet());
    EXPECT_EQ(d.error, "") << text;
    EXPECT_EQ(d.payload.size(), text.size());
    return text_of(d.payload);
  }
  std::string client_says(std::string_view text, std::uint16_t port = 21) {
    return passes(tcp_segment(client_, control, vip_, port, ack), text);
  }
  std::string server_says(std::string_view text, std::uint16_t port = 21) {
    return passes(tcp_segment(rip_, port, client_, control, ack), text);
  }
  /// The server's answer to PASV, as the client gets it.
  std::string passive(std::string_view reply) {
    client_says("PASV\r\n");
    return server_says(reply);
  }

  /// Where a SYN of the client to the virtual address goes: "10.0.2.11:30000", or "" if it passes untouched.
  std::string calls(std::uint16_t port, std::uint16_t from = 2001) {
    return arrives(tcp_segment(client_, from, vip_, port, syn), [](const Dissected& d) {
      return fmt::format("{}:{}", d.destination.to_string(), d.destination_port);
    });
  }
  /// Where a SYN of the server to the client seems to come from.
  std::string server_calls(std::uint16_t port, std::uint16_t from) {
    return arrives(tcp_segment(rip_, from, client_, port, syn),
                   [](const Dissected& d) { return fmt::format("{}:{}", d.source.to_string(), d.source_port); });
  }

 private:
  template <typename Say>
  std::string arrives(const Packet& p, Say say) {
    const Answer answer = path().send(p);
    if (answer.verdict == Verdict::pass) return "";
    EXPECT_EQ(answer.verdict, Verdict::on) << path().counters();
    const Dissected d = dissect(answer.packet());
    EXPECT_EQ(d.error, "");
    return say(d);
  }
};
FOR_BOTH_HOOKS(Ftp);

TEST_P(Ftp, AReplyNamesTheVirtualAddressAndTheDataConnectionGoesToItsServer) {
  open("10.0.1.100", "10.0.2.11");
  EXPECT_EQ(passive("227 Entering Passive Mode (10,0,2,11,117,48).\r\n"),
            "227 Entering Passive Mode (10,0,1,100,117,48)\r\n");
  EXPECT_EQ(calls(30000), "10.0.2.11:30000");
  const auto data = path().connection(client_, 2001);
  ASSERT_TRUE(data);
  EXPECT_EQ(abi::port_from_abi(data->virtual_port), 30000);
  EXPECT_EQ(data->server, server_);
  EXPECT_EQ(path().active_and_inactive(server_), std::pair(2, 0));
  EXPECT_EQ(server_says("x", 21), "x");
  EXPECT_EQ(dissect(path().send(tcp_segment(rip_, 30000, client_, 2001, syn | ack)).packet()).source, address(vip_));
  EXPECT_EQ(path().counter("ftp_announced"), 1u);
  EXPECT_EQ(path().counter("ftp_opened"), 1u);
  EXPECT_EQ(path().counter("ftp_rewritten"), 1u);
}

TEST_P(Ftp, AReplyIsWrittenAnewInItsLengthForAddressesOfEveryLength) {
  static constexpr std::array addresses = {"1.2.3.4",       "10.2.3.4",       "10.20.3.4",
                                           "10.20.30.4",    "10.20.30.40",    "100.20.30.40",
                                           "100.200.30.40", "100.200.130.40", "100.200.130.240"};
  const std::regex list(R"(^227[^0-9]*\((\d+,\d+,\d+,\d+),(\d+),(\d+)\)[^0-9]*\r\n$)");
  for (const std::string rip : addresses) {
    for (std::string vip : addresses) {
      vip.back()++;
      for (const char* port : {"4,0", "44,44", "200,255"}) {
        PacketPath::of(GetParam());
        open(vip, rip);
        const auto reply = passive(fmt::format("227 Entering Passive Mode ({},{}).\r\n", with_commas(rip), port));
        std::smatch match;
        ASSERT_TRUE(std::regex_match(reply, match, list)) << rip << " to " << vip << ": " << reply;
        EXPECT_EQ(match.str(1), with_commas(vip));
        EXPECT_EQ(match.str(2) + "," + match.str(3), port);
        EXPECT_EQ(path().counter("ftp_rewritten"), 1u);
      }
    }
  }
}

TEST_P(Ftp, RoomIsTakenFromTheEndOfTheLineThenFromItsLastWords) {
  open("192.168.100.200", "10.2.3.4");
  const std::pair<std::string_view, std::string_view> lines[] = {
      {"227 Entering Passive Mode (10,2,3,4,4,2). Go on.\r\n", "227 Entering Passive Mode (192,168,100,200,4,2)\r\n"},
      {"227 Entering Passive Mode (10,2,3,4,4,2).\r\n", "227 Entering (192,168,100,200,4,2)\r\n"},
      {"227 Entering Passive Mode 10,2,3,4,4,2\r\n", "227 Entering 192,168,100,200,4,2\r\n"},
      {"227 Entering the Mode (10,2,3,4,4,2) Go\r\n", "227 Entering the (192,168,100,200,4,2)\r\n"},
      {"227 Passive (10,2,3,4,4,2)\r\n", "227 (192,168,100,200,4,2)\r\n"},
      {"227 =10,2,3,4,40,20      \r\n", "227 192,168,100,200,40,20\r\n"},
      {"227 Entering Passive Mode (10,2,3,4,4,2).\n", "227 Entering (192,168,100,200,4,2)\n"},
      {"227 Entering Passive Mode (10,2,3,4,4,2).\r\n200 What else?\r\n",
       "227 Entering (192,168,100,200,4,2)\r\n200 What else?\r\n"},
  };
  for (const auto& [from, to] : lines) {
    std::string filled(to);
    filled.insert(filled.find_first_of("\r\n"), from.size() - to.size(), ' ');
    EXPECT_EQ(passive(from), filled);
  }
  EXPECT_EQ(path().counter("ftp_rewritten"), std::size(lines));
}

TEST_P(Ftp, AShorterAddressLeavesBlanksBehindTheLine) {
  open("1.2.3.4", "10.0.2.11");
  EXPECT_EQ(passive("227 Entering Passive Mode (10,0,2,11,4,2).\r\n"),
            "227 Entering Passive Mode (1,2,3,4,4,2).  \r\n");
}

TEST_P(Ftp, AReplyWithoutRoomIsLeftAndCounted) {
  open("192.168.100.200", "10.2.3.4");
  EXPECT_EQ(passive("227 (10,2,3,4,4,2)\r\n"), "227 (10,2,3,4,4,2)\r\n");
  EXPECT_EQ(path().counter("ftp_no_room"), 1u);
}

TEST_P(Ftp, AReplyWithAnotherAddressIsLeftAndItsPortExpected) {
  open("10.0.1.100", "10.0.2.11");
  EXPECT_EQ(passive("227 Entering Passive Mode (10,0,1,100,117,48).\r\n"),
            "227 Entering Passive Mode (10,0,1,100,117,48).\r\n");
  EXPECT_EQ(calls(30000), "10.0.2.11:30000");
  EXPECT_EQ(path().counter("ftp_rewritten"), 0u);
}

TEST_P(Ftp, AReplyThatTheClientDidNotAskForOpensNothing) {
  open("10.0.1.100", "10.0.2.11");
  for (const char* command : {"STAT 227\r\n", "PORT 10,9,0,1,200,1\r\n"}) {
    client_says(command);
    EXPECT_EQ(server_says("227 Entering Passive Mode (10,0,2,11,117,48).\r\n"),
              "227 Entering Passive Mode (10,0,2,11,117,48).\r\n");
    EXPECT_EQ(calls(30000), "");
  }
}

TEST_P(Ftp, AReplySentTwiceIsWrittenTwice) {
  open("10.0.1.100", "10.0.2.11");
  const std::string_view reply = "227 Entering Passive Mode (10,0,2,11,117,48).\r\n";
  const auto first = passive(reply);
  EXPECT_EQ(server_says(reply), first);
  EXPECT_NE(first, reply);
}

TEST_P(Ftp, PrivilegedPortsAreNotOpened) {
  open("10.0.1.100", "10.0.2.11");
  EXPECT_EQ(passive("227 Entering Passive Mode (10,0,2,11,0,22).\r\n"),
            "227 Entering Passive Mode (10,0,2,11,0,22).\r\n");
  EXPECT_EQ(calls(22), "");
  EXPECT_EQ(path().counter("ftp_not_understood"), 1u);
}

TEST_P(Ftp, AnExtendedReplyStaysAsItIsAndItsPortIsExpected) {
  open("10.0.1.100", "10.0.2.11");
  client_says("epsv\r\n");
  EXPECT_EQ(server_says("229 Entering Extended Passive Mode (|||30000|)\r\n"),
            "229 Entering Extended Passive Mode (|||30000|)\r\n");
  EXPECT_EQ(calls(30000), "10.0.2.11:30000");
  client_says("EPSV 1\r\n");
  server_says("229 Ok (!!!30001!)\r\n");
  EXPECT_EQ(calls(30001, 2002), "10.0.2.11:30001");
}

TEST_P(Ftp, AnExtendedReplyOverIpv6IsUnderstood) {
  open_ipv6("fd00:1::100", "fd00:2::11");
  client_says("EPSV\r\n");
  server_says("229 Entering Extended Passive Mode (|||30000|)\r\n");
  EXPECT_EQ(calls(30000), "fd00:2::11:30000");
}

TEST_P(Ftp, AnActiveDataConnectionComesFromTheVirtualAddressAndPort20) {
  open("10.0.1.100", "10.0.2.11");
  for (const std::uint16_t from : {20, 40000}) {
    const auto port = static_cast<std::uint16_t>(51201 + from);
    client_says(fmt::format("PORT 10,9,0,1,{},{}\r\n", port / 256, port % 256));
    EXPECT_EQ(server_calls(port, from), "10.0.1.100:20");
    EXPECT_EQ(server_calls(port, from), "10.0.1.100:20") << "sent again";
    const auto answer = dissect(path().send(tcp_segment(client_, port, vip_, 20, syn | ack)).packet());
    EXPECT_EQ(answer.destination, address(rip_));
    EXPECT_EQ(answer.destination_port, from);
    const auto data = path().connection(client_, port);
    ASSERT_TRUE(data);
    EXPECT_EQ((data->meta & META_STATE) >> META_STATE_SHIFT, abi::STATE_ESTABLISHED);
  }
  EXPECT_EQ(path().counter("ftp_opened"), 2u);
}

TEST_P(Ftp, AnExtendedActiveDataConnectionIsUnderstoodInBothFamilies) {
  open("10.0.1.100", "10.0.2.11");
  client_says("EPRT |1|10.9.0.1|51221|\r\n");
  EXPECT_EQ(server_calls(51221, 20), "10.0.1.100:20");
  open_ipv6("fd00:1::100", "fd00:2::11");
  client_says("EPRT |2|fd00:9::1|51221|\r\n");
  EXPECT_EQ(server_calls(51221, 20), "fd00:1::100:20");
}

TEST_P(Ftp, AServerReachesOnlyTheClientThatAsked) {
  open("10.0.1.100", "10.0.2.11");
  client_says("PORT 10,9,0,7,200,1\r\n");
  expect_untouched(tcp_segment("10.0.2.11", 20, "10.9.0.7", 51201, syn).frame());
  expect_untouched(tcp_segment("10.0.2.12", 20, "10.9.0.1", 51201, syn).frame());
}

TEST_P(Ftp, AnotherClientAndAnotherPortAreNotExpected) {
  open("10.0.1.100", "10.0.2.11");
  passive("227 Entering Passive Mode (10,0,2,11,117,48).\r\n");
  expect_untouched(tcp_segment("10.9.0.2", 2001, "10.0.1.100", 30000, syn).frame());
  EXPECT_EQ(calls(30001), "");
}

TEST_P(Ftp, AnExpectationServesOneConnection) {
  open("10.0.1.100", "10.0.2.11");
  passive("227 Entering Passive Mode (10,0,2,11,117,48).\r\n");
  EXPECT_EQ(calls(30000, 2001), "10.0.2.11:30000");
  EXPECT_EQ(calls(30000, 2002), "");
}

TEST_P(Ftp, AnExpectationEndsWithItsTime) {
  path().settings.timeout[abi::STATE_LISTEN] = 0;
  open("10.0.1.100", "10.0.2.11");
  passive("227 Entering Passive Mode (10,0,2,11,117,48).\r\n");
  EXPECT_EQ(calls(30000), "");
}

TEST_P(Ftp, APersistentServicesDataConnectionBelongsToItsTemplate) {
  open("10.0.1.100", "10.0.2.11", {.persistence = 300});
  passive("227 Entering Passive Mode (10,0,2,11,117,48).\r\n");
  EXPECT_EQ(calls(30000), "10.0.2.11:30000");
  EXPECT_EQ(path().counter("ftp_opened"), 1u);
  EXPECT_EQ(path().connection(client_, 0)->held, 2u);
}

TEST_P(Ftp, ARealServersOtherControlPortChangesNothing) {
  open("10.0.1.100", "10.0.2.11", {}, {.port = 2121});
  client_says("PASV\r\n");
  EXPECT_EQ(server_says("227 Entering Passive Mode (10,0,2,11,117,48).\r\n", 2121),
            "227 Entering Passive Mode (10,0,1,100,117,48)\r\n");
  EXPECT_EQ(calls(30000), "10.0.2.11:30000");
}

TEST_P(Ftp, OtherServicesMaySayWhatTheyWant) {
  open("10.0.1.100", "10.0.2.11", {.port = 8021});
  client_says("PASV\r\n", 8021);
  EXPECT_EQ(server_says("227 Entering Passive Mode (10,0,2,11,117,48).\r\n", 8021),
            "227 Entering Passive Mode (10,0,2,11,117,48).\r\n");
  EXPECT_EQ(path().counter("ftp_announced"), 0u);
}

TEST_P(Ftp, ASplitLineIsLeftAndCounted) {
  open("10.0.1.100", "10.0.2.11");
  for (const std::string_view part :
       {"227 Entering Passive Mode (10,0,2,11,117,48).", "227 Entering Passive Mode (10,0,2,11,117", "227 Enter",
        "227 Entering Passive Mode (10,0,2,11,117,480).\r\n", "227 Entering Passive Mode (10,0,2,11,117).\r\n",
        "227 Entering Passive Mode (10,0,2,11,117,48,1).\r\n"}) {
    EXPECT_EQ(passive(part), part);
  }
  EXPECT_EQ(path().counter("ftp_not_understood"), 6u);
}

TEST_P(Ftp, ALineMayBeginALongSegmentThatIsStillToBeCut) {
  open("10.0.1.100", "10.0.2.11");
  client_says("PASV\r\n");
  Packet p = tcp_segment(rip_, 21, client_, control, ack | psh);
  p.payload = bytes_of("227 Entering Passive Mode (10,0,2,11,117,48).\r\n" + std::string(3000, 'x'));
  const Answer answer = path().send(p.frame(), {.gso_segments = 3, .gso_size = 1400});
  ASSERT_EQ(answer.verdict, Verdict::on);
  EXPECT_TRUE(
      text_of(dissect(answer.packet()).payload).starts_with("227 Entering Passive Mode (10,0,1,100,117,48)\r\n"));
}

TEST_P(Ftp, WhateverIsSaidPassesSoundAndInItsLength) {
  open("192.168.100.200", "10.0.2.11");
  std::mt19937 random(1);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  static constexpr std::string_view lines[] = {"227 Entering Passive Mode (10,0,2,11,117,48).\r\n",
                                               "227 10,0,2,11,4,0\n",
                                               "227 (1,2,3,4,5,6),(10,0,2,11,200,1)\r\n",
                                               "229 Entering Extended Passive Mode (|||30000|)\r\n",
                                               "PORT 10,9,0,1,200,1\r\n",
                                               "EPRT |1|10.9.0.1|51221|\r\n",
                                               "226 Transfer complete.\r\n"};
  static constexpr std::string_view alphabet = "0123456789,,,,(|) \r\n2aZ\xff";
  for (int i = 0; i < 5000; ++i) {
    std::string text(lines[below(std::size(lines))]);
    for (std::size_t changes = below(6); changes > 0; --changes) {
      const std::size_t at = below(text.size());
      if (below(3) == 0) text.insert(at, below(120), alphabet[below(alphabet.size())]);
      text[at] = alphabet[below(alphabet.size())];
      if (below(8) == 0) text.resize(1 + below(text.size()));
    }
    if (below(2) == 0) client_says("PASV\r\n");
    const auto arrived = below(2) == 0 ? client_says(text) : server_says(text);
    if (arrived != text) {
      EXPECT_TRUE(arrived.starts_with("227 "));
      EXPECT_NE(arrived.find("192,168,100,200,"), std::string::npos);
    }
    if (HasFailure()) FAIL() << i << ": " << to_hex(bytes_of(text));
  }
  EXPECT_GT(path().counter("ftp_rewritten"), 50u);
}

}  // namespace
}  // namespace ballast::packet_test
