#include "config/scalars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::config {
namespace {

using namespace std::chrono_literals;
using cluster::Protocol;
using testing::HasSubstr;

TEST(Duration, ReadsEveryUnitAndBareSeconds) {
  EXPECT_EQ(parse_duration("30s").value(), 30s);
  EXPECT_EQ(parse_duration("15m").value(), 900s);
  EXPECT_EQ(parse_duration("2h").value(), 7200s);
  EXPECT_EQ(parse_duration("31d").value(), 2678400s);
  EXPECT_EQ(parse_duration("900").value(), 900s);
}

TEST(Duration, RefusesWhatIsNotAWholeNumberOfAKnownUnit) {
  for (const char* text :
       {"", "s", "1w", "-1s", "1.5m", "500ms", "1m30s", " 1s", "1 s", "99999999999999999999s", "+5"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  EXPECT_THAT(parse_duration("1w").error().message, HasSubstr("'1w' is not a duration; write 30s, 15m"));
}

TEST(Duration, RefusesZero) { EXPECT_THAT(parse_duration("0s").error().message, HasSubstr("at least 1s")); }

TEST(Duration, IsWrittenInTheLargestUnitThatDividesIt) {
  EXPECT_EQ(format_duration(900s), "15m");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(7200s), "2h");
  EXPECT_EQ(format_duration(172800s), "2d");
}

TEST(FineDuration, ReadsMillisecondsToo) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_fine_duration("500ms"), 500ms);
  EXPECT_EQ(parse_fine_duration("2s"), 2s);
  EXPECT_EQ(parse_fine_duration("3"), 3s);
  EXPECT_EQ(parse_fine_duration("0"), 0s);
  for (const auto* wrong : {"ms", "1.5s", "-1s", "5 ms"}) {
    EXPECT_THAT(parse_fine_duration(wrong).error().message, HasSubstr("write 30ms, 1s, 5m, 2h, or seconds alone"))
        << wrong;
  }
  for (const auto duration : {0ms, 1ms, 1500ms, 2000ms, 60000ms}) {
    EXPECT_EQ(parse_fine_duration(format_fine_duration(duration)), duration);
  }
}

TEST(Listen, ReadsAddressPortAndProtocol) {
  const auto v4 = parse_listen("172.16.3.100:80/tcp");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->protocol, Protocol::tcp);
  EXPECT_EQ(v4->endpoint.to_string(), "172.16.3.100:80");
  const auto v6 = parse_listen("[fd00::1]:53/udp");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->protocol, Protocol::udp);
  EXPECT_EQ(v6->endpoint.to_string(), "[fd00::1]:53");
}

TEST(Listen, WritesWhatItReads) {
  for (const char* text : {"172.16.3.100:80/tcp", "10.0.0.1:0/udp", "[fd00::1]:53/udp", "10.0.0.1:3868/sctp"}) {
    EXPECT_EQ(format_listen(parse_listen(text).value()), text);
  }
}

TEST(Listen, RefusesWhatIsMissingOrUnknown) {
  EXPECT_THAT(parse_listen("10.0.0.1:80").error().message, HasSubstr("names no protocol"));
  EXPECT_THAT(parse_listen("10.0.0.1/tcp").error().message, HasSubstr("is not \"IP:PORT/tcp\""));
  EXPECT_THAT(parse_listen("fd00::1:80/tcp").error().message, HasSubstr("[IPv6]:PORT"));
  EXPECT_THAT(parse_listen("10.0.0.1:65536/tcp").error().message, HasSubstr("is not \"IP:PORT/tcp\""));
  EXPECT_THAT(parse_listen("10.0.0.1:80/tpc").error().message, HasSubstr("did you mean 'tcp'?"));
  EXPECT_THAT(parse_listen("10.0.0.1:80/icmp").error().message, HasSubstr("valid: tcp, udp, sctp"));
}

TEST(Listen, RefusesTheUnspecifiedAddress) {
  EXPECT_THAT(parse_listen("0.0.0.0:80/tcp").error().message, HasSubstr("name the virtual IP itself"));
  EXPECT_THAT(parse_listen("[::]:80/tcp").error().message, HasSubstr("name the virtual IP itself"));
}

TEST(Listen, SaysThatOtherKindsOfServiceAreNotSupported) {
  for (const char* kind : {"http", "https", "dns"}) {
    EXPECT_THAT(parse_listen(std::string("10.0.0.1:80/") + kind).error().message,
                HasSubstr("not supported in this version"));
  }
}

TEST(ServerAddressText, MayLeaveThePortOut) {
  EXPECT_EQ(parse_server_address("10.0.0.1").value().port, std::nullopt);
  EXPECT_EQ(parse_server_address("10.0.0.1:8080").value().port, 8080);
  EXPECT_EQ(parse_server_address("10.0.0.1:0").value().port, 0);
  EXPECT_EQ(parse_server_address("[fd00::1]").value().port, std::nullopt);
  EXPECT_EQ(parse_server_address("[fd00::1]:80").value().port, 80);
}

TEST(ServerAddressText, WritesWhatItReads) {
  for (const char* text : {"10.0.0.1", "10.0.0.1:0", "10.0.0.1:80", "[fd00::1]", "[fd00::1]:80"}) {
    EXPECT_EQ(format_server_address(parse_server_address(text).value()), text);
  }
}

TEST(ServerAddressText, WantsIpv6InBracketsBecauseItsPortCouldBePartOfIt) {
  EXPECT_THAT(parse_server_address("fd00::1:80").error().message, HasSubstr("IPv6 needs brackets"));
  EXPECT_THAT(parse_server_address("[10.0.0.1]").error().message, HasSubstr("brackets are for IPv6 only"));
}

TEST(ServerAddressText, RefusesNames) {
  for (const char* text : {"", "web1", "web1:80", "10.0.0", "10.0.0.1:", "10.0.0.1:http", "[]", "[", "[fd00::1]:"}) {
    EXPECT_FALSE(parse_server_address(text)) << text;
  }
}

TEST(Netmask, ReadsMasksAndPrefixLengths) {
  EXPECT_EQ(parse_netmask("255.255.255.0", net::Family::ipv4).value(), 0xffffff00U);
  EXPECT_EQ(parse_netmask("255.0.255.0", net::Family::ipv4).value(), 0xff00ff00U);
  EXPECT_EQ(parse_netmask("24", net::Family::ipv4).value(), 0xffffff00U);
  EXPECT_EQ(parse_netmask("32", net::Family::ipv4).value(), 0xffffffffU);
  EXPECT_EQ(parse_netmask("1", net::Family::ipv4).value(), 0x80000000U);
  EXPECT_EQ(parse_netmask("64", net::Family::ipv6).value(), 64U);
}

TEST(Netmask, RefusesWhatTheFamilyDoesNotHave) {
  for (const char* text : {"0", "33", "fd00::1", "-1", "", "255.255.255"}) {
    EXPECT_FALSE(parse_netmask(text, net::Family::ipv4)) << text;
  }
  for (const char* text : {"0", "129", "255.255.255.0", "fd00::"}) {
    EXPECT_FALSE(parse_netmask(text, net::Family::ipv6)) << text;
  }
}

TEST(SchedulerFlag, HasTheBitsOfIpVs) {
  EXPECT_EQ(parse_scheduler_flag("sh-fallback", "sh").value(), 0x08U);
  EXPECT_EQ(parse_scheduler_flag("sh-port", "sh").value(), 0x10U);
  EXPECT_EQ(parse_scheduler_flag("flag-1", "rr").value(), 0x08U);
  EXPECT_EQ(parse_scheduler_flag("flag-3", "rr").value(), 0x20U);
}

TEST(SchedulerFlag, GoesWithItsSchedulerOnly) {
  EXPECT_THAT(parse_scheduler_flag("sh-port", "wlc").error().message, HasSubstr("flag of scheduler sh, not of wlc"));
  EXPECT_THAT(parse_scheduler_flag("sh-prot", "sh").error().message, HasSubstr("did you mean 'sh-port'?"));
}

TEST(SchedulerFlag, IsWrittenWithTheSchedulersOwnName) {
  EXPECT_EQ(format_scheduler_flag(0x08, "sh"), "sh-fallback");
  EXPECT_EQ(format_scheduler_flag(0x10, "mh"), "mh-port");
  EXPECT_EQ(format_scheduler_flag(0x08, "rr"), "flag-1");
  EXPECT_EQ(format_scheduler_flag(0x20, "sh"), "flag-3");
}

}  // namespace
}  // namespace ballast::config
