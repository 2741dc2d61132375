#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/ldirectord/ldirectord.h"
#include "tests/unit/config/known_names.h"

namespace ballast::config {
namespace {

using namespace std::chrono_literals;
using cluster::CheckType;
using cluster::ForwardingMethod;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

Reading read(std::string_view text) {
  auto reading = read_ldirectord(text, "l.cf", known_names());
  EXPECT_TRUE(reading) << to_string(reading.error().front());
  return reading.value_or(Reading{});
}

/// The messages about a text that is wrong.
std::vector<std::string> problems(std::string_view text) {
  const auto reading = read_ldirectord(text, "l.cf", known_names());
  std::vector<std::string> lines;
  if (reading) return lines;
  for (const auto& problem : reading.error()) lines.push_back(to_string(problem));
  return lines;
}

std::vector<std::string> warnings(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto& warning : read(text).warnings) lines.push_back(to_string(warning));
  return lines;
}

/// The only check of the only server of a virtual service with those lines.
cluster::HealthCheck check_of(std::string_view lines, std::string_view head = "virtual=10.0.0.1:80\n",
                              std::string_view globals = "") {
  const Reading reading =
      read(std::string(globals) + std::string(head) + "\treal=10.0.0.11:80 gate\n" + std::string(lines));
  if (reading.cluster.services.size() != 1 || reading.cluster.services[0].servers.size() != 1 ||
      reading.cluster.services[0].servers[0].health.checks.size() != 1) {
    ADD_FAILURE() << "not one check";
    return {};
  }
  return reading.cluster.services[0].servers[0].health.checks[0];
}

constexpr std::string_view walkthrough = R"(checktimeout=3
checkinterval=1
autoreload=yes
virtual=172.16.3.100:80
    real=172.16.3.11:80 gate
    real=172.16.3.12:80 gate
    fallback=127.0.0.1:80 gate
    service=http
    scheduler=rr
    persistent=600
    protocol=tcp
    checktype=negotiate
    request="index.html"
)";

TEST(ReadLdirectord, ReadsAVirtualServiceWithEverythingThatIsUsual) {
  const Reading reading = read(walkthrough);
  ASSERT_THAT(reading.cluster.services, SizeIs(1));
  const auto& service = reading.cluster.services[0];
  EXPECT_EQ(to_string(service.key), "tcp 172.16.3.100:80");
  EXPECT_EQ(service.scheduler, "rr");
  EXPECT_EQ(service.persistence->timeout, 600s);
  ASSERT_THAT(service.servers, SizeIs(2));
  EXPECT_EQ(service.servers[1].endpoint.to_string(), "172.16.3.12:80");
  EXPECT_EQ(service.servers[1].forward, ForwardingMethod::route);
  EXPECT_EQ(service.fallback->endpoint.to_string(), "127.0.0.1:80");
  EXPECT_EQ(service.servers[0].health.on_failure, cluster::OnFailure::remove);
  const auto& check = service.servers[0].health.checks.at(0);
  EXPECT_EQ(check.type, CheckType::http);
  EXPECT_EQ(check.requests.at(0).path, "/index.html");
  EXPECT_EQ(check.interval, 1s);
  EXPECT_EQ(check.timeout, 3s) << "checktimeout stands in for negotiatetimeout";
  EXPECT_EQ(check.fall, 1U);
  EXPECT_EQ(check.port, 80);
  EXPECT_EQ(reading.wishes, (std::vector<FileWishes>{{.path = "l.cf", .follow = true, .callback = ""}}));
  EXPECT_TRUE(reading.warnings.empty());
}

TEST(ReadLdirectord, ResolvesNamesOfHostsAndServices) {
  const Reading reading = read("virtual=www:http\n    real=rs1:http masq 5\n");
  EXPECT_EQ(to_string(reading.cluster.services.at(0).key), "tcp 10.0.0.1:80");
  EXPECT_EQ(reading.cluster.services[0].servers.at(0).endpoint.to_string(), "10.0.0.11:80");
  EXPECT_EQ(reading.cluster.services[0].servers[0].weight, 5U);
}

TEST(ReadLdirectord, ExpandsARangeOfRealServers) {
  const Reading reading = read("virtual=10.0.0.1:80\n\treal=10.0.0.254->10.0.1.1 ipip 2\n");
  const auto& servers = reading.cluster.services.at(0).servers;
  ASSERT_THAT(servers, SizeIs(4));
  EXPECT_EQ(servers[3].endpoint.to_string(), "10.0.1.1:80");
  EXPECT_EQ(servers[3].forward, ForwardingMethod::tunnel);
}

TEST(ReadLdirectord, GivesAServerARequestAndThresholdsOfItsOwn) {
  const Reading reading = read(
      "virtual=10.0.0.1:80\n"
      "    real=10.0.0.11:80 masq 3 \"own,\"page\"\", \"Yes, it is\" l:10 u:20\n"
      "    request=\"common\"\n"
      "    receive=\"Hello\"\n"
      "    real=10.0.0.12:80 masq\n");
  const auto& servers = reading.cluster.services.at(0).servers;
  ASSERT_THAT(servers, SizeIs(2));
  EXPECT_EQ(servers[0].lower_threshold, 10U);
  EXPECT_EQ(servers[0].upper_threshold, 20U);
  EXPECT_EQ(servers[0].health.checks.at(0).requests.at(0).path, "/own,\"page\"");
  EXPECT_EQ(servers[0].health.checks[0].requests[0].expect, "Yes, it is");
  EXPECT_EQ(servers[1].health.checks.at(0).requests.at(0).path, "/common");
  EXPECT_EQ(servers[1].health.checks[0].requests[0].expect, "Hello");
}

TEST(ReadLdirectord, EndsABlockAtAnEmptyLineAndGoesOverComments) {
  EXPECT_THAT(problems("virtual=10.0.0.1:80\n# comment\n    # another\n    real=10.0.0.11 gate # a server\n"
                       "\n    real=10.0.0.12 gate\n"),
              ElementsAre(HasSubstr("l.cf:6: 'real=10.0.0.12 gate' is indented and belongs to no virtual service")));
}

TEST(ReadLdirectord, CutsAValueAtItsNumberSignAsLdirectordDoes) {
  EXPECT_THAT(problems("virtual=10.0.0.1:80\n    request=\"a#b\"\n"),
              ElementsAre(HasSubstr("l.cf:2: request wants its value in double quotes")));
}

TEST(ReadLdirectord, NamesTheNearestKeyword) {
  EXPECT_THAT(problems("chektimeout=3\nvirtual=10.0.0.1:80\n    schedular=rr\n    quiescent=maybe\n"),
              ElementsAre("l.cf:1: 'chektimeout' is no keyword of an ldirectord.cf; did you mean 'checktimeout'?",
                          "l.cf:3: 'schedular' is no keyword of a virtual service in an ldirectord.cf; did you mean "
                          "'scheduler'?",
                          "l.cf:4: quiescent must be one of yes, no, not 'maybe'"));
}

TEST(ReadLdirectord, SaysThatSettingsOfAVirtualServiceAreIndented) {
  EXPECT_THAT(problems("virtual=10.0.0.1:80\nreal=10.0.0.11 gate\nscheduler=rr\n"),
              ElementsAre("l.cf:2: 'real' is a setting of a virtual service: write it below the service's 'virtual=' "
                          "line, indented by at least four blanks",
                          HasSubstr("l.cf:3: 'scheduler' is a setting of a virtual service")));
}

TEST(ReadLdirectord, SkipsAByteOrderMark) {
  EXPECT_THAT(read("\xef\xbb\xbfvirtual=10.0.0.1:80\n").cluster.services, SizeIs(1));
}

TEST(ReadLdirectord, RefusesWhatLdirectordHasGivenUp) {
  EXPECT_THAT(problems("timeout=3\n"), ElementsAre(HasSubstr("write checktimeout and negotiatetimeout")));
}

TEST(ReadLdirectord, RefusesTwoVirtualServicesOfOneAddress) {
  EXPECT_THAT(problems("virtual=10.0.0.1:80\n\nvirtual=www:http\n"),
              ElementsAre("l.cf:3: tcp 10.0.0.1:80 is already a service: l.cf:1"));
}

TEST(ReadLdirectord, SaysWhatItDoesNotActOn) {
  EXPECT_THAT(
      warnings("logfile=\"local0\"\nexecute=other.cf\nsupervised=no\nvirtual=10.0.0.1:80\n    load=\"x\"\n"
               "    checkinterval=3\n    servicename=shop\n"),
      ElementsAre(HasSubstr("l.cf:1: logfile"), HasSubstr("l.cf:2: execute"), HasSubstr("l.cf:3: supervised"),
                  HasSubstr("l.cf:4: checkinterval"), HasSubstr("l.cf:5: load"), HasSubstr("l.cf:7: servicename")));
}

TEST(ReadLdirectord, SaysOnceALineWhereAPortHasNoEffectSinceOnlyMasqChangesIt) {
  EXPECT_THAT(warnings("fallback=127.0.0.1:81 gate\nvirtual=10.0.0.1:80\n    real=10.0.0.11->10.0.0.13:8080 gate\n"
                       "    real=10.0.0.14:8080 masq\n    real=10.0.0.15:80 ipip\n    real=10.0.0.16 gate\n\n"
                       "virtual=10.0.0.2:80\n\nvirtual=7\n    real=10.0.0.11:8080 gate\n    service=http\n"),
              ElementsAre("l.cf:1: port 81 has no effect: by route and tunnel (gate, ipip, DR, TUN) the port stays the "
                          "service's, 80; forward by NAT (masq) to change it",
                          HasSubstr("l.cf:3: port 8080 has no effect")));
}

TEST(ReadLdirectord, SaysWhereNoMailIsSentThatTheOriginalWouldSend) {
  EXPECT_THAT(warnings("emailalertstatus=starting,stopping\nvirtual=10.0.0.1:80\n"),
              ElementsAre(HasSubstr("l.cf:1: no mail is sent: only what happens while it is 'running'")));
  EXPECT_THAT(warnings("emailalertstatus=none\nvirtual=10.0.0.1:80\n"), ElementsAre());
}

TEST(ReadLdirectord, RefusesAChecksExpressionThatIsNone) {
  EXPECT_THAT(
      problems("virtual=10.0.0.1:80\n    real=10.0.0.11 gate\n    real=10.0.0.12 gate\n    checktype=negotiate\n"
               "    receive=\"RS([\"\n"),
      ElementsAre(HasSubstr("l.cf:1: /RS([/ is not a regular expression")));
}

TEST(ReadLdirectord, LetsTimeoutsStandInForEachOther) {
  const auto negotiate = [](std::string_view globals, std::string_view own) {
    return check_of(own, "virtual=10.0.0.1:80\n", globals).timeout;
  };
  EXPECT_EQ(negotiate("", ""), 30s);
  EXPECT_EQ(negotiate("checktimeout=7\n", ""), 7s);
  EXPECT_EQ(negotiate("checktimeout=7\nnegotiatetimeout=8\n", ""), 8s);
  EXPECT_EQ(negotiate("checktimeout=7\nnegotiatetimeout=8\n", "\tchecktimeout=9\n"), 9s);
  EXPECT_EQ(check_of("\tchecktype=connect\n").timeout, 5s);
  EXPECT_EQ(check_of("\tchecktype=ping\n\tcheckcount=3\n").timeout, 15s);
}

TEST(ReadLdirectord, ChecksAsTheServiceOfThePort) {
  EXPECT_EQ(check_of("", "virtual=10.0.0.1:25\n").type, CheckType::smtp);
  EXPECT_EQ(check_of("", "virtual=10.0.0.1:443\n").tls, cluster::CheckTls{});
  const auto dns = check_of("\trequest=\"example.org\"\n\treceive=\"10\\.1\"\n", "virtual=10.0.0.1:53\n");
  EXPECT_EQ(dns.type, CheckType::dns);
  EXPECT_EQ(dns.request, "example.org");
  EXPECT_EQ(dns.expect, "10\\.1");
  EXPECT_FALSE(dns.over_tcp) << "port 53 is UDP unless said otherwise";
}

TEST(ReadLdirectord, SaysWhereNothingIsCheckedSinceThePortHasNoService) {
  const auto found = [](std::string_view head, std::string_view lines) {
    return warnings(fmt::format("virtual={}\n    real=10.0.0.11 gate\n{}", head, lines));
  };
  EXPECT_THAT(found("10.0.0.1:8080", ""),
              ElementsAre("l.cf:1: no service= and port 8080 has none by itself: its real servers are not checked"));
  EXPECT_THAT(found("10.0.0.1:8080", "    checktype=negotiate\n"), SizeIs(1));
  EXPECT_THAT(found("7", ""), ElementsAre(HasSubstr("no service= and a firewall mark has none by itself")));
  EXPECT_THAT(found("10.0.0.1:80", ""), ElementsAre());
  for (const std::string line :
       {"service=http", "service=none", "checktype=connect", "checktype=on", "checktype=off"}) {
    EXPECT_THAT(found("10.0.0.1:8080", "    " + line + "\n    checkport=80\n"), ElementsAre()) << line;
  }
}

TEST(ReadLdirectord, AsksDatabasesWithoutTheSlash) {
  const auto check =
      check_of("\tlogin=\"u\"\n\tpasswd=\"p\"\n\tdatabase=\"d\"\n\trequest=\"SELECT 1\"\n", "virtual=10.0.0.1:3306\n");
  EXPECT_EQ(check.type, CheckType::mysql);
  EXPECT_EQ(check.request, "SELECT 1");
  EXPECT_EQ(check.user, "u");
  EXPECT_EQ(check.database, "d");
}

TEST(ReadLdirectord, ChecksUdpByPingWhereOnlyAConnectIsAskedFor) {
  EXPECT_EQ(check_of("\tprotocol=udp\n\tchecktype=connect\n").type, CheckType::icmp);
}

TEST(ReadLdirectord, GivesExternalChecksTheAddresses) {
  const auto check = check_of("\tchecktype=external\n\tcheckcommand=\"/usr/bin/check it\"\n");
  EXPECT_EQ(check.type, CheckType::command);
  EXPECT_EQ(check.command, "/usr/bin/check it");
  EXPECT_EQ(check.arguments, cluster::CommandArguments::addresses);
}

TEST(ReadLdirectord, KnowsServersThatAreNeverOrAlwaysThere) {
  const auto health = [](std::string_view type) {
    return read("virtual=10.0.0.1:80\n\treal=10.0.0.11 gate\n\tchecktype=" + std::string(type) + "\n")
        .cluster.services.at(0)
        .servers.at(0)
        .health;
  };
  EXPECT_TRUE(health("off").disabled);
  EXPECT_FALSE(health("on").disabled);
  EXPECT_TRUE(health("on").checks.empty());
}

TEST(ReadLdirectord, ReadsFirewallMarks) {
  const Reading reading = read("virtual6=7\n    real6=[fd00::11] gate\n    fallback6=[::1]:80\n");
  EXPECT_EQ(to_string(reading.cluster.services.at(0).key), "fwmark 7 ipv6");
  EXPECT_TRUE(reading.cluster.services[0].servers.at(0).health.checks.empty()) << "service is none without a port";
  EXPECT_EQ(reading.cluster.services[0].fallback->endpoint.address.to_string(), "::1");
}

TEST(ReadLdirectord, TakesTheFilesFallbackWithTheServicesPort) {
  const Reading reading =
      read("fallback=127.0.0.1 masq\nvirtual=10.0.0.1:80\n\nvirtual=10.0.0.1:81\n\tfallback=10.0.0.9:82 masq\n");
  EXPECT_EQ(reading.cluster.services.at(0).fallback->endpoint.to_string(), "127.0.0.1:80");
  EXPECT_EQ(reading.cluster.services.at(1).fallback->endpoint.to_string(), "10.0.0.9:82");
}

TEST(ReadLdirectord, LeadsNothingToALoopbackAddressByMasq) {
  const Reading reading = read("virtual=10.0.0.1:80\n    real=127.0.0.1 masq\n    fallback=127.0.0.1:80 masq\n");
  EXPECT_EQ(reading.cluster.services.at(0).servers.at(0).forward, ForwardingMethod::route);
  EXPECT_EQ(reading.cluster.services[0].servers[0].endpoint.to_string(), "127.0.0.1:80");
  EXPECT_EQ(reading.cluster.services[0].fallback->forward, ForwardingMethod::route);
  EXPECT_THAT(reading.warnings, SizeIs(2));
  EXPECT_THAT(problems("fallback=127.0.0.1:81 masq\nvirtual=10.0.0.1:80\n"),
              ElementsAre(HasSubstr("l.cf:1: fallback server: NAT (masq) leads no packets to the loopback address")));
}

TEST(ReadLdirectord, ReadsMailSettings) {
  const Reading reading = read(
      "emailalert=\"a@example.org\", \"b@example.org\"\nemailalertfrom=lb@example.org\nemailalertfreq=60\n"
      "emailalertstatus=starting, running\nvirtual=10.0.0.1:80\n\nvirtual=10.0.0.1:81\n    emailalertstatus=none\n");
  const auto& alerts = reading.cluster.services.at(0).alerts;
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_THAT(alerts[0].to, ElementsAre("a@example.org", "b@example.org"));
  EXPECT_EQ(alerts[0].repeat, 60s);
  EXPECT_THAT(reading.cluster.services.at(1).alerts, SizeIs(0));
}

TEST(ReadLdirectord, FindsEveryProblemOfAFile) {
  EXPECT_THAT(
      problems("virtual=nowhere:80\n    real=10.0.0.11 fast\nvirtual=10.0.0.1:80\n    real=10.0.0.11:99999 gate\n"
               "    scheduler=wr\n    persistent=soon\n    fallback6=::1\n"),
      SizeIs(6));
}

}  // namespace
}  // namespace ballast::config
