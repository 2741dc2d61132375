// What a configuration is refused for: the whole message, place included, for each kind of mistake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"

namespace ballast::config {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

/// Every problem of a text, one per line of text.
std::vector<std::string> problems(std::string_view text) {
  const auto cluster = check_yaml(text, "f");
  std::vector<std::string> lines;
  if (!cluster) {
    for (const Problem& problem : cluster.error()) lines.push_back(to_string(problem));
  }
  return lines;
}

/// The problems of a service "s" with these members, its address given.
std::vector<std::string> service_problems(const std::string& members) {
  return problems("services: {s: {listen: \"10.0.0.1:80/tcp\", servers: [], " + members + "}}");
}

/// The problems of a service "s" at 10.0.0.1:80/tcp whose one server is this.
std::vector<std::string> server_problems(const std::string& server, const std::string& members = "forward: nat") {
  return problems("services: {s: {listen: \"10.0.0.1:80/tcp\", " + members + ", servers: [" + server + "]}}");
}

MATCHER_P(OneProblem, text, "") { return arg.size() == 1 && arg[0].find(text) != std::string::npos; }

TEST(Refusal, NamesTheNearestKeyForAnUnknownOne) {
  EXPECT_THAT(problems("servises: {}\n"), ElementsAre("f:1:1: unknown key 'servises'; did you mean 'services'?"));
  EXPECT_THAT(problems("director:\n  hok: tc\n"),
              ElementsAre("f:2:3: director: unknown key 'hok'; did you mean 'hook'?"));
  EXPECT_THAT(problems("pools:\n  web:\n    servers: []\n    sheduler: rr\n"),
              ElementsAre("f:4:5: pools.web: unknown key 'sheduler'; did you mean 'scheduler'?"));
  EXPECT_THAT(server_problems("{address: 10.0.0.2, weigth: 2}"), OneProblem("did you mean 'weight'?"));
  EXPECT_THAT(service_problems("persistence: {timout: 5s}"), OneProblem("did you mean 'timeout'?"));
}

TEST(Refusal, SaysWhatABehaviourCanBe) {
  const auto behaviour = [](const std::string& setting) {
    return problems("director: {behaviour: {" + setting + "}}");
  };
  EXPECT_THAT(behaviour("drop_entry: 1"), SizeIs(1));
  EXPECT_THAT(behaviour("pickup_tcp: true"), OneProblem("did you mean 'pick_up_tcp'?"));
  EXPECT_THAT(behaviour("pick_up_tcp: 1"), OneProblem("director.behaviour.pick_up_tcp: "));
  EXPECT_THAT(behaviour("drop_packets: 3"), OneProblem("'3' is not one of never, auto, always"));
  EXPECT_THAT(behaviour("connection_reuse: after_clse"), OneProblem("did you mean 'after_close'?"));
  EXPECT_THAT(behaviour("drop_rate: 0"), OneProblem("director.behaviour.drop_rate: "));
  EXPECT_THAT(behaviour("drop_when_filled: 101"), OneProblem("director.behaviour.drop_when_filled: "));
}

TEST(Refusal, ListsTheValidKeysWhereNoneIsNear) {
  EXPECT_THAT(problems("colour: red\n"),
              ElementsAre("f:1:1: unknown key 'colour'; valid: director, vrrp, sync, pools, services"));
}

TEST(Refusal, SaysWhatThisVersionDoesNotSupport) {
  EXPECT_THAT(problems("dns:\n  edge: {}\n"), ElementsAre("f:1:1: 'dns' is not supported in this version; remove it"));
  EXPECT_THAT(problems("services:\n  site:\n    listen: \"10.0.0.1:443/https\"\n    servers: []\n"),
              ElementsAre("f:3:13: services.site.listen: a service for /https is not supported in this version; valid: "
                          "/tcp, /udp, /sctp"));
  EXPECT_THAT(service_problems("routes: []"), OneProblem("'routes' is not supported in this version"));
  EXPECT_THAT(
      service_problems("forward: fullnat"),
      OneProblem("services.s.forward: forward 'fullnat' (valid: nat, route, tunnel) is not supported in this version"));
  EXPECT_THAT(service_problems("persistence: {engine: sip}"), OneProblem("'engine' is not supported in this version"));
}

/// The problems of a service whose servers have this check.
std::vector<std::string> check_problems(const std::string& check) { return service_problems("check: " + check); }

TEST(Refusal, SaysWhatIsWrongWithACheck) {
  EXPECT_THAT(check_problems("htp"), OneProblem("services.s.check: 'htp' is not one of tcp, udp, http,"));
  EXPECT_THAT(check_problems("htp"), OneProblem("did you mean 'http'?"));
  EXPECT_THAT(check_problems("{path: /up}"), OneProblem("has no type; write type: tcp"));
  EXPECT_THAT(check_problems("{type: tcp, intervall: 1s}"), OneProblem("did you mean 'interval'?"));
  EXPECT_THAT(check_problems("{type: tcp, path: /up}"),
              OneProblem("services.s.check.path: is for checks of type http, http_proxy, not tcp"));
  EXPECT_THAT(check_problems("{type: icmp, port: 80, tls: true}"), OneProblem("tls: is for checks of type tcp,"));
  EXPECT_THAT(check_problems("{type: tcp, interval: 5ms}"), OneProblem("'5ms' is not from 10ms to 1d"));
  EXPECT_THAT(check_problems("{type: tcp, interval: 1.5s}"),
              OneProblem("'1.5s' is not a duration; write 30ms, 1s, 5m, 2h, or seconds alone"));
  EXPECT_THAT(check_problems("{type: tcp, fall: 0}"), OneProblem("'0' is not a number from 1 to 1000"));
  EXPECT_THAT(check_problems("{type: tcp, weight: x}"), OneProblem("is not a number from -65535 to 65535"));
  EXPECT_THAT(check_problems("command"), OneProblem("a check of type command needs command; write {type: command, "));
  EXPECT_THAT(check_problems("{type: dns}"), OneProblem("a check of type dns needs name; write {type: dns, name: "));
  EXPECT_THAT(check_problems("{type: command, command: \"a 'b\"}"), OneProblem("has a ' that is not closed"));
  EXPECT_THAT(check_problems("{type: http, path: /, requests: [{path: /a}]}"),
              OneProblem("write all of them in requests"));
  EXPECT_THAT(check_problems("{type: tcp, address: web1}"), OneProblem("'web1' is not an address"));
  EXPECT_THAT(problems("services: {s: {fwmark: 7, check: tcp, servers: [10.1.0.1]}}"),
              OneProblem("its check (tcp) has no port to go to in service 's'"));
}

TEST(Refusal, SaysWhatIsWrongWithTheCareForAService) {
  EXPECT_THAT(service_problems("fallback: \"10.1.0.9:81\""), OneProblem("port 81 differs from port 80 of service 's'"));
  EXPECT_THAT(service_problems("fallback: {address: 127.0.0.1, check: tcp}"), OneProblem("a fallback is not checked"));
  EXPECT_THAT(service_problems("on_failure: drop"), OneProblem("'drop' is not one of remove, quiescent"));
  EXPECT_THAT(service_problems("quorum: 0"), OneProblem("'0' is not a number from 1"));
  EXPECT_THAT(service_problems("quorum: {least: 2, hysteresis: 2}"), OneProblem("must be below least (2)"));
  EXPECT_THAT(service_problems("alerts: {from: a@b}"), OneProblem("has no to; write to: "));
  EXPECT_THAT(service_problems("alerts: {to: a@b, states: started}"), OneProblem("unknown key 'states'"));
  EXPECT_THAT(service_problems("check: {type: http, expect: \"a(\"}"), OneProblem("/a(/ is not a regular expression"));
  EXPECT_THAT(service_problems("maintenance_directory: lb"), OneProblem("must be a whole path"));
  EXPECT_THAT(service_problems("disabled: true"), OneProblem("unknown key 'disabled'"));
}

TEST(Refusal, LeadsNothingToALoopbackAddressByNat) {
  const auto problem = OneProblem("nat leads no packets to the loopback address 127.0.0.1; write forward: route");
  EXPECT_THAT(service_problems("fallback: {address: 127.0.0.1, forward: nat}"), problem);
  EXPECT_THAT(server_problems("127.0.0.1"), problem);
  EXPECT_THAT(server_problems("{address: 127.0.0.1, forward: route}"), SizeIs(0));
}

TEST(Refusal, NamesTheValidSchedulers) {
  EXPECT_THAT(service_problems("scheduler: fastest"),
              OneProblem("unknown scheduler 'fastest'; valid: rr, wrr, lc, wlc"));
  EXPECT_THAT(service_problems("scheduler: wllc"), OneProblem("did you mean 'wlc'?"));
}

TEST(Refusal, NamesTheValidForwardingMethods) {
  for (const char* word : {"dr", "tun", "masq"}) {
    EXPECT_THAT(service_problems(std::string("forward: ") + word), OneProblem("' is not one of nat, route, tunnel"))
        << word;
  }
  EXPECT_THAT(service_problems("forward: tunel"), OneProblem("did you mean 'tunnel'?"));
}

TEST(Refusal, NamesWrongTypes) {
  EXPECT_THAT(problems("[1, 2]\n"),
              ElementsAre("f:1:1: expected a map with keys of director, vrrp, sync, pools, services, found a list"));
  EXPECT_THAT(problems("services: 3\n"),
              ElementsAre("f:1:11: services: expected a map of names, found a single value"));
  EXPECT_THAT(problems("director: {interfaces: eth0}\n"),
              ElementsAre("f:1:24: director.interfaces: expected a list, found a single value"));
  EXPECT_THAT(problems("director: {hook: [tc]}\n"), OneProblem("director.hook: expected a single value, found a list"));
  EXPECT_THAT(problems("director: {hook: }\n"), OneProblem("director.hook: expected a single value, found nothing"));
  EXPECT_THAT(service_problems("persistence: 600s"),
              OneProblem("services.s.persistence: expected a map with keys of timeout, netmask"));
  EXPECT_THAT(service_problems("one_packet: yes"), OneProblem("'yes' is not one of true, false"));
}

TEST(Refusal, NamesTheRangeOfNumbers) {
  EXPECT_THAT(problems("director: {connections: 0}"), OneProblem("'0' is not a number from 1 to 134217728"));
  EXPECT_THAT(problems("director: {connections: 1e6}"), OneProblem("'1e6' is not a number"));
  EXPECT_THAT(server_problems("{address: 10.0.0.2, weight: -1}"),
              OneProblem("'-1' is not a number from 0 to 2147483647"));
  EXPECT_THAT(server_problems("{address: 10.0.0.2, weight: 2147483648}"),
              OneProblem("is not a number from 0 to 2147483647"));
  EXPECT_THAT(service_problems("mss_clamp: 40"), OneProblem("'40' is not a number from 88 to 65535"));
  EXPECT_THAT(problems("services: {s: {fwmark: 0, servers: []}}"),
              OneProblem("'0' is not a number from 1 to 4294967295"));
}

TEST(Refusal, RefusesTimeoutsThatIpVsCannotCount) {
  EXPECT_THAT(problems("director: {timeouts: {tcp: 99999999999}}"), OneProblem("is not a duration"));
  EXPECT_THAT(problems("director: {timeouts: {tcp: 0}}"), OneProblem("at least 1s"));
  EXPECT_THAT(problems("director: {timeouts: {tcp: 4000000000}}"), OneProblem("f:1:28: director.timeouts.tcp: "));
  EXPECT_THAT(service_problems("persistence: {timeout: 32d}"), OneProblem("is longer than 31d"));
}

TEST(Refusal, RefusesImpossibleInterfaces) {
  EXPECT_THAT(problems("director: {interfaces: [an-interface-too-long]}"), OneProblem("cannot be an interface"));
  EXPECT_THAT(problems("director: {interfaces: [eth0, eth0]}"), OneProblem("interface 'eth0' is here twice"));
}

TEST(Refusal, NamesTheValidHooks) {
  EXPECT_THAT(problems("director: {hook: xdp_generic}"), OneProblem("did you mean 'xdp-generic'?"));
}

TEST(Refusal, WantsAnAddressForAService) {
  EXPECT_THAT(problems("services: {s: {servers: []}}"), OneProblem("has no listen"));
  EXPECT_THAT(problems("services: {s: {listen: \"10.0.0.1:80/tcp\", fwmark: 3, servers: []}}"),
              OneProblem("services.s.fwmark: stands beside listen"));
  EXPECT_THAT(service_problems("family: ipv4"), OneProblem("goes with fwmark only"));
}

TEST(Refusal, WantsPersistenceForPortZero) {
  EXPECT_THAT(problems("services: {s: {listen: \"10.0.0.1:0/tcp\", servers: []}}"),
              OneProblem("port 0 (every port) needs persistence"));
}

TEST(Refusal, WantsServersFromExactlyOnePlace) {
  EXPECT_THAT(problems("services: {s: {listen: \"10.0.0.1:80/tcp\"}}"), OneProblem("has neither pool nor servers"));
  EXPECT_THAT(problems("pools: {p: {servers: []}}\nservices: {s: {listen: \"10.0.0.1:80/tcp\", pool: p, servers: []}}"),
              OneProblem("f:2:49: services.s.pool: stands beside servers"));
  EXPECT_THAT(problems("pools: {p: {}}"), OneProblem("pools.p: has no servers"));
}

TEST(Refusal, NamesAPoolThatIsNotThere) {
  EXPECT_THAT(problems("pools: {web: {servers: []}}\nservices: {s: {listen: \"10.0.0.1:80/tcp\", pool: wbe}}"),
              ElementsAre("f:2:49: services.s.pool: there is no pool 'wbe'; did you mean 'web'?"));
  EXPECT_THAT(problems("services: {s: {listen: \"10.0.0.1:80/tcp\", pool: web}}"),
              OneProblem("there is no pool 'web' under pools:"));
}

TEST(Refusal, NamesTheServiceThatHasTheKeyAlready) {
  EXPECT_THAT(problems("services:\n  a: {listen: \"10.0.0.1:80/tcp\", servers: []}\n  b: {listen: \"10.0.0.1:80/tcp\", "
                       "servers: []}\n"),
              ElementsAre("f:3:15: services.b.listen: tcp 10.0.0.1:80 is already service 'a' (line 2)"));
}

TEST(Refusal, NamesDuplicateNames) {
  EXPECT_THAT(problems("pools:\n  a: {servers: []}\n  a: {servers: []}\n"),
              ElementsAre("f:3:3: key 'a' is here twice; the first is on line 2"));
}

TEST(Refusal, RefusesNamesThatAreNotNames) {
  EXPECT_THAT(problems("pools: {'a b': {servers: []}}"), OneProblem("'a b' is not a name"));
  EXPECT_THAT(problems("services: {'': {servers: []}}"), OneProblem("'' is not a name"));
}

TEST(Refusal, RefusesServersThatAreNotAddresses) {
  EXPECT_THAT(server_problems("web1"), OneProblem("services.s.servers[0]: 'web1' is not an address"));
  EXPECT_THAT(server_problems("{weight: 1}"), OneProblem("has no address"));
  EXPECT_THAT(server_problems("{address: 224.0.0.1}"), OneProblem("224.0.0.1 is not the address of one machine"));
  EXPECT_THAT(server_problems("0.0.0.0"), OneProblem("0.0.0.0 is not the address of one machine"));
  EXPECT_THAT(server_problems("[fd00::1]"), OneProblem("expected a single value, found a list"));
}

TEST(Refusal, RefusesAServerThatIsThereTwice) {
  EXPECT_THAT(server_problems("10.0.0.2, \"10.0.0.2:80\""),
              OneProblem("services.s.servers[1]: 10.0.0.2:80 is in service 's' twice"));
}

TEST(Refusal, RefusesALowerThresholdAboveTheUpper) {
  EXPECT_THAT(server_problems("{address: 10.0.0.2, upper_threshold: 3, lower_threshold: 5}"),
              testing::Contains(HasSubstr("lower_threshold: 5 is above upper_threshold (3)")));
}

TEST(Refusal, MixesFamiliesByTunnelOnly) {
  EXPECT_THAT(
      server_problems("\"[fd00::2]:80\""),
      OneProblem("fd00::2 is IPv6 and cannot serve the IPv4 service 's' by nat; only forward: tunnel may mix the two"));
  EXPECT_THAT(server_problems("\"[fd00::2]:80\"", "forward: tunnel"), SizeIs(0));
}

TEST(Refusal, ChangesPortsByNatOnly) {
  EXPECT_THAT(server_problems("\"10.0.0.2:8080\"", "forward: route"), OneProblem("forward route cannot change ports"));
  EXPECT_THAT(server_problems("\"10.0.0.2:8080\"", "forward: tunnel"),
              OneProblem("forward tunnel cannot change ports"));
}

TEST(Refusal, RefusesTunnelSettingsThatDoNotGoTogether) {
  EXPECT_THAT(service_problems("forward: tunnel, tunnel: {type: gue}"), OneProblem("a gue tunnel needs a port"));
  EXPECT_THAT(service_problems("forward: tunnel, tunnel: {port: 3}"), OneProblem("an ipip tunnel has no port"));
  EXPECT_THAT(service_problems("forward: tunnel, tunnel: {checksum: full}"),
              OneProblem("an ipip tunnel has no checksum"));
  EXPECT_THAT(service_problems("forward: tunnel, tunnel: {type: gre, port: 3}"),
              OneProblem("a gre tunnel has no port"));
  EXPECT_THAT(service_problems("forward: tunnel, tunnel: {type: gre, checksum: remote}"),
              OneProblem("remote is for gue"));
  EXPECT_THAT(service_problems("forward: tunnel, tunnel: {type: vxlan}"),
              OneProblem("'vxlan' is not one of ipip, gue, gre"));
}

TEST(Refusal, RefusesATunnelThatNothingUses) {
  EXPECT_THAT(service_problems("forward: nat, tunnel: {type: gre}"),
              OneProblem("services.s.tunnel: has no meaning with forward nat"));
  EXPECT_THAT(server_problems("{address: 10.0.0.2, tunnel: {type: gre}}"),
              OneProblem("tunnel has no meaning with forward nat of service 's'"));
}

TEST(Refusal, RefusesFlagsOfAnotherScheduler) {
  EXPECT_THAT(service_problems("scheduler: rr, flags: [sh-port]"),
              OneProblem("services.s.flags[0]: 'sh-port' is a flag of scheduler sh, not of rr"));
}

TEST(Refusal, RefusesOnePacketForTcpAndMssForUdp) {
  EXPECT_THAT(service_problems("one_packet: true"), OneProblem("is for udp and fwmark services only"));
  EXPECT_THAT(problems("services: {s: {listen: \"10.0.0.1:53/udp\", mss_clamp: 1400, servers: []}}"),
              OneProblem("is for TCP; other protocols have no MSS"));
}

TEST(Refusal, RefusesImpossibleNetmasks) {
  EXPECT_THAT(service_problems("persistence: {netmask: 33}"), OneProblem("is not a mask such as 255.255.255.0"));
}

TEST(Refusal, RefusesAddressesThatCannotBeOneGroup) {
  EXPECT_THAT(
      problems("services:\n  a: {listen: [\"10.0.0.1:80/tcp\", \"10.0.0.1:443/tcp\"], servers: []}\n"
               "  b:\n    listen:\n      - \"10.0.0.2:80/tcp\"\n      - \"10.0.0.1:443/tcp\"\n    servers: []\n"),
      ElementsAre("f:6:9: services.b.listen[1]: tcp 10.0.0.1:443 is already service 'a' (line 2)"));
  EXPECT_THAT(problems("services: {s: {listen: [\"10.0.0.1:80/tcp\", \"10.0.0.1:80/tcp\"], servers: []}}"),
              OneProblem("services.s.listen[1]: tcp 10.0.0.1:80 is already service 's' (line 1)"));
  EXPECT_THAT(problems("services: {s: {listen: [\"10.0.0.1:80/tcp\", \"[fd00::1]:80/tcp\"], servers: []}}"),
              OneProblem("services.s.listen[1]: is IPv6 beside IPv4; the addresses of a service are of one family"));
  EXPECT_THAT(problems("services: {s: {listen: [], servers: []}}"), OneProblem("services.s.listen: has no address"));
  EXPECT_THAT(problems("services: {s: {listen: [\"10.0.0.1:80/tcp\", \"10.0.0.1:0/tcp\"], servers: []}}"),
              OneProblem("services.s.listen[1]: port 0 (every port) needs persistence"));
  EXPECT_THAT(
      problems("services: {s: {listen: [\"10.0.0.1:80/tcp\", \"10.0.0.1:81/tcp\"], servers: [\"10.0.0.2:80\"]}}"),
      OneProblem("port 80 differs from the ports of service 's'; forward route cannot change ports"));
}

TEST(Refusal, EndsWhereTheDirectorsLimitsAreReached) {
  EXPECT_THAT(problems("director: {services: 1}\nservices:\n  a: {fwmark: 1, servers: []}\n  b: {fwmark: 2, servers: "
                       "[]}\n  c: {fwmark: 3, servers: []}\n"),
              ElementsAre("f:4:6: services.b: more than 1 services; raise director.services"));
  EXPECT_THAT(problems("director: {services: 1}\nservices: {a: {listen: [\"10.0.0.1:80/tcp\", \"10.0.0.1:81/tcp\"], "
                       "servers: []}}\n"),
              OneProblem("services.a: more than 1 services; raise director.services"));
  EXPECT_THAT(problems("director: {servers: 1}\nservices: {a: {fwmark: 1, servers: [10.0.0.1, 10.0.0.2]}}\n"),
              OneProblem("more than 1 servers in all services together; raise director.servers"));
}

TEST(Refusal, FindsAllProblemsInTheOrderOfTheText) {
  const std::string text =
      "services:\n  a: {listen: \"10.0.0.1:80/tcp\", pool: x}\npools:\n  p: {servers: [], check: {}}\ndirector: {hook: "
      "y}\n";
  EXPECT_THAT(problems(text), ElementsAre(StartsWith("f:2:"), StartsWith("f:4:"), StartsWith("f:5:")));
  const auto cluster = read_yaml(text, "f");
  ASSERT_FALSE(cluster);
  EXPECT_THAT(cluster.error().message, StartsWith("f:2:40: services.a.pool: there is no pool 'x'"));
  EXPECT_THAT(cluster.error().message, EndsWith(" (and 2 more)"));
  EXPECT_EQ(cluster.error().code, EINVAL);
}

TEST(Refusal, IsOneLineWhateverTheFileSays) {
  const auto found = problems("\"a\\nb\\tc\\0d\": 1\n");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0], HasSubstr("unknown key 'a?b?c?d'"));
  EXPECT_THAT(problems(std::string(10000, 'k') + ": 1")[0].size(), testing::Lt(200U));
}

TEST(Refusal, KeepsAtMostAThousandProblems) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "key" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(problems(text), SizeIs(Problems::most));
}

}  // namespace
}  // namespace ballast::config
