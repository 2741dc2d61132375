#include <gtest/gtest.h>

#include "dialogue.h"
#include "health/checks/bytes.h"
#include "health/checks/crypto.h"
#include "health/checks/dns_message.h"
#include "health/checks/ping_message.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

using namespace std::string_literals;

constexpr std::uint16_t id = 0x1234;

// What dnsmasq answered for www.example: 10.0.0.1; the name in the answer points to the one in the question.
const std::string answer_a =
    "\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00\x03www\x07"
    "example\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x0a\x00\x00\x01"s;

HealthCheck dns(const std::string& name, const std::string& expect = "") {
  HealthCheck check;
  check.request = name;
  check.expect = expect;
  return check;
}

std::optional<Verdict> judged(const HealthCheck& check, const std::string& datagram) {
  return dns_question(check, id)->judge(datagram);
}

TEST(Dns, AsksForARecordOfAName) {
  EXPECT_EQ(dns_question(dns("www.example"), id)->datagram,
            "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07"
            "example\x00\x00\x01\x00\x01"s);
}

TEST(Dns, AsksForTheNameOfAnAddress) {
  EXPECT_EQ(dns_query(id, "10.0.0.1", 1)->substr(12),
            "\x01"
            "1\x01"
            "0\x01"
            "0\x02"
            "10\x07in-addr\x04"
            "arpa\x00\x00\x0c\x00\x01"s);
}

TEST(Dns, AsksForTheRoot) { EXPECT_EQ(dns_query(id, ".", 6)->substr(12), "\x00\x00\x06\x00\x01"s); }

TEST(Dns, RefusesWhatIsNoName) {
  EXPECT_FALSE(dns_query(id, "a..b", 1));
  EXPECT_FALSE(dns_query(id, std::string(64, 'x'), 1));
  EXPECT_FALSE(dns_query(id,
                         std::string(60, 'x') + "." + std::string(60, 'x') + "." + std::string(60, 'x') + "." +
                             std::string(60, 'x') + "." + std::string(60, 'x'),
                         1));
}

TEST(Dns, IsUpByAnAnswerWithoutAnError) {
  EXPECT_EQ(judged(dns("www.example"), answer_a), up("answered with 1 records"));
}

TEST(Dns, MatchesARecord) {
  EXPECT_EQ(judged(dns("www.example", "10\\.0\\.0\\.1"), answer_a), up("record '10.0.0.1'"));
  EXPECT_EQ(judged(dns("www.example", "10.0.0.2"), answer_a), down("record '10.0.0.1' does not match /10.0.0.2/"));
}

TEST(Dns, NamesTheError) {
  std::string answer = answer_a.substr(0, 29);
  answer[3] = '\x83';
  answer[7] = 0;
  EXPECT_EQ(judged(dns("www.example"), answer), down("answer for 'www.example' is NXDOMAIN"));
}

TEST(Dns, WaitsOnWhenTheAnswerIsToSomethingElse) {
  std::string other = answer_a;
  other[0] = 'x';
  EXPECT_EQ(judged(dns("www.example"), other), std::nullopt);
  std::string query = answer_a;
  query[2] = 1;
  EXPECT_EQ(judged(dns("www.example"), query), std::nullopt);
}

TEST(Dns, DoesNotFollowNamesInCircles) {
  std::string circle = answer_a;
  circle[30] = '\x1d';  // the record's name points to itself
  EXPECT_EQ(judged(dns("www.example"), circle), down("malformed DNS message: the name of a record"));
}

TEST(Dns, ReadsEveryCutMessageWithoutHarm) {
  for (std::size_t length = 0; length < answer_a.size(); ++length) {
    const auto verdict = judged(dns("www.example", "10"), answer_a.substr(0, length));
    EXPECT_TRUE(verdict && !verdict->up) << length;
  }
}

TEST(Dns, WritesRecordsAsText) {
  const std::string head = "\x12\x34\x80\x00\x00\x00\x00\x04\x00\x00\x00\x00"s;
  const std::string fixed = "\x00\x01\x00\x00\x00\x00"s;
  const std::string name =
      "\x02mx\x07"
      "example\x00"s;
  const auto record = [&](int type, const std::string& data) {
    return "\x00"s + big_endian(type, 2) + fixed + big_endian(data.size(), 2) + data;
  };
  const auto answer = parse_dns(head + record(15, "\x00\x0a"s + name) +
                                record(16,
                                       "\x02"
                                       "ab\x01"
                                       "c") +
                                record(6, name + "\xc0\x19"s + std::string(16, '\0') + "\x00\x00\x00\x05"s) +
                                record(28, std::string(15, '\0') + '\x01'));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->records,
            (std::vector<std::string>{"10 mx.example", "abc", "mx.example mx.example 0 0 0 0 5", "::1"}));
}

TEST(Dns, SpeaksTcpWithALength) {
  const std::string framed = big_endian(answer_a.size(), 2) + answer_a;
  const auto outcome = talk([] { return dns_conversation(dns("www.example"), id); }, {framed});
  EXPECT_EQ(outcome.said.substr(0, 4), "\x00\x1d\x12\x34"s);
  EXPECT_TRUE(outcome.verdict.up);
}

TEST(Sip, IsUpBy200Alone) {
  HealthCheck check;
  const auto question = sip_question(check, "10.0.0.1", "10.0.0.2:3333", "tag1");
  EXPECT_TRUE(
      question->datagram.starts_with("OPTIONS sip:ballast@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:3333;"));
  EXPECT_EQ(question->judge("SIP/2.0 200 OK\r\nCall-ID: tag1@ballast\r\n\r\n"), up("SIP/2.0 200 OK"));
  EXPECT_EQ(question->judge("SIP/2.0 503 Busy\r\nCall-ID: tag1@ballast\r\n\r\n"),
            down("answer 'SIP/2.0 503 Busy', wanted 200"));
  EXPECT_EQ(question->judge("SIP/2.0 100 Trying\r\nCall-ID: tag1@ballast\r\n\r\n"), std::nullopt);
  EXPECT_EQ(question->judge("SIP/2.0 200 OK\r\nCall-ID: other\r\n\r\n"), std::nullopt);
  EXPECT_EQ(question->judge("hello"), down("not SIP: 'hello'"));
}

TEST(Sip, PassesOverProvisionalAnswersOverTcp) {
  HealthCheck check;
  check.over_tcp = true;
  check.user = "joe@example";
  const auto outcome = talk([&] { return sip_conversation(check, "10.0.0.1", "10.0.0.2:3333", "t"); },
                            {"SIP/2.0 100 Trying\r\n\r\n", "SIP/2.0 200 OK\r\nX: y\r\n\r\n"});
  EXPECT_TRUE(outcome.said.starts_with("OPTIONS sip:joe@example SIP/2.0\r\nVia: SIP/2.0/TCP "));
  EXPECT_TRUE(outcome.verdict.up);
}

// RFC 2865 §7.1 is answered here with the secret of that example.
TEST(Radius, IsUpByAnAcceptOfSomebodyWhoKnowsTheSecret) {
  HealthCheck check;
  check.user = "nemo";
  check.password = "arctangent";
  check.secret = "xyzzy5461";
  const std::string authenticator = "\x0f\x40\x3f\x94\x73\x97\x80\x57\xbd\x83\xd5\xcb\x98\xf4\x22\x7a"s;
  const auto question = radius_question(check, 0, authenticator);
  ASSERT_TRUE(question);
  // The hidden password as the RFC has it.
  EXPECT_EQ(question->datagram.substr(20, 24),
            "\x01\x06nemo\x02\x12\x0d\xbe\x70\x8d\x93\xd4\x13\xce\x31\x96\xe4\x3f\x78\x2a\x0a\xee"s);
  const auto answer = [&](char code, const std::string& secret) {
    const std::string head = std::string(1, code) + "\x00\x00\x14"s;
    return head + digest(Hash::md5, head + authenticator + secret);
  };
  EXPECT_EQ(question->judge(answer(2, check.secret)), up("access accepted"));
  EXPECT_EQ(question->judge(answer(3, check.secret)), down("access rejected"));
  EXPECT_EQ(question->judge(answer(2, "other")), down("answer is signed with another secret"));
  EXPECT_EQ(question->judge("\x02\x01"s + answer(2, "").substr(2)), std::nullopt);
  EXPECT_EQ(question->judge("short"), down("not RADIUS"));
}

TEST(Ping, KnowsItsReply) {
  const std::string request = echo_request(net::Family::ipv4, 7, "payload");
  EXPECT_EQ(request.substr(0, 1), "\x08");
  std::string reply = request;
  reply[0] = 0;
  EXPECT_TRUE(is_echo_reply(net::Family::ipv4, reply, false, "payload"));
  EXPECT_TRUE(is_echo_reply(net::Family::ipv4, "\x45" + std::string(19, 'x') + reply, true, "payload"));
  EXPECT_FALSE(is_echo_reply(net::Family::ipv4, reply, false, "another"));
  EXPECT_FALSE(is_echo_reply(net::Family::ipv4, request, false, "payload"));
  EXPECT_FALSE(is_echo_reply(net::Family::ipv4, "\x4f", true, "payload"));
}

TEST(Ping, HasAChecksumThatAddsUp) {
  const std::string padded = echo_request(net::Family::ipv4, 7, "odd") + '\0';
  std::uint64_t sum = 0;
  for (Reader reader(padded); !reader.empty();) sum += reader.big(2);
  EXPECT_EQ((sum & 0xffff) + (sum >> 16), 0xffff);
}

}  // namespace
}  // namespace ballast::health
