#include "config/keepalived/keepalived.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "config/yaml.h"
#include "tests/unit/config/known_names.h"

namespace ballast::config {
namespace {

using namespace std::chrono_literals;
using cluster::CheckType;
using cluster::ForwardingMethod;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Reading read(std::string_view text) {
  auto reading = read_keepalived(text, "k.conf", known_names(), system_files());
  EXPECT_TRUE(reading) << to_string(reading.error().front());
  return reading.value_or(Reading{});
}

std::vector<std::string> problems(std::string_view text) {
  const auto reading = read_keepalived(text, "k.conf", known_names(), system_files());
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

cluster::VrrpInstance instance(const std::string& lines, const std::string& globals = "") {
  const Reading reading = read("global_defs {\n" + globals +
                               "\n}\nvrrp_instance VI {\ninterface eth0\n"
                               "virtual_router_id 51\n" +
                               lines + "\n}\n");
  if (reading.cluster.vrrp.instances.size() == 1) return reading.cluster.vrrp.instances[0];
  ADD_FAILURE() << "not one instance";
  return {};
}

cluster::VirtualService service(const std::string& lines, const std::string& before = "") {
  const Reading reading = read(before + "\nvirtual_server 10.0.0.1 80 {\n" + lines + "\n}\n");
  if (reading.cluster.services.size() == 1) return reading.cluster.services[0];
  ADD_FAILURE() << "not one service";
  return {};
}

cluster::HealthCheck check(const std::string& checker, const std::string& before = "",
                           const std::string& of_server = "") {
  const auto found = service(of_server + "\nreal_server 10.0.0.11 80 {\n" + checker + "\n}", before);
  if (found.servers.size() == 1 && found.servers[0].health.checks.size() == 1) return found.servers[0].health.checks[0];
  ADD_FAILURE() << "not one check";
  return {};
}

TEST(ReadKeepalived, ReadsAVirtualRouterWithItsDefaults) {
  const auto vi =
      instance("state MASTER\npriority 150\nvirtual_ipaddress {\n10.0.0.100/24 dev eth1 label eth1:0\n10.0.0.101\n}");
  EXPECT_EQ(vi.name, "VI");
  EXPECT_EQ(vi.version, 2);
  EXPECT_EQ(vi.router_id, 51);
  EXPECT_EQ(vi.priority, 150);
  EXPECT_EQ(vi.interval, 1000ms);
  EXPECT_TRUE(vi.preempt);
  ASSERT_THAT(vi.addresses, SizeIs(2));
  EXPECT_EQ(vi.addresses[0].prefix_length, 24);
  EXPECT_EQ(vi.addresses[0].interface, "eth1");
  EXPECT_EQ(vi.addresses[0].label, "eth1:0");
  EXPECT_EQ(vi.addresses[1].prefix_length, 32);
  EXPECT_EQ(vi.announce, cluster::AnnouncePolicy{});
}

TEST(ReadKeepalived, TakesDefaultsOfVirtualRoutersFromGlobalDefs) {
  const std::string globals =
      "vrrp_version 3\nvrrp_garp_master_repeat 2\nvrrp_garp_master_delay 1.5\nvrrp_garp_interval 0.001\n"
      "vrrp_mcast_group4 224.0.0.99\nscript_user nobody nogroup\nvrrp_down_timer_adverts 4\n";
  const auto vi = instance("advert_int 0.03\ngarp_master_delay 7\n", globals);
  EXPECT_EQ(vi.version, 3);
  EXPECT_EQ(vi.interval, 30ms);
  EXPECT_EQ(vi.announce.repeat, 2U);
  EXPECT_EQ(vi.announce.delay, 7000ms);
  EXPECT_EQ(vi.announce.lower_priority_delay, 1500ms);
  EXPECT_EQ(vi.announce.gap, 1000us);
  EXPECT_EQ(vi.multicast_group->to_string(), "224.0.0.99");
  EXPECT_EQ(vi.notify.user, "nobody:nogroup");
  EXPECT_EQ(vi.missed_advertisements, 4U);
}

TEST(ReadKeepalived, MakesIpv6Version3) {
  const auto vi = instance("virtual_ipaddress {\nfe80::1/64\nfd00::1/64\n}");
  EXPECT_EQ(vi.version, 3);
  EXPECT_EQ(vi.family, net::Family::ipv6);
}

TEST(ReadKeepalived, ReadsPeersAuthenticationTracksAndCommands) {
  const auto vi = instance(
      "unicast_src_ip 10.0.0.2\nunicast_peer {\n10.0.0.3\n10.0.0.4 min_ttl 254 max_ttl 255\n}\n"
      "authentication {\nauth_type PASS\nauth_pass secret\n}\n"
      "track_interface {\neth1\neth2 weight -20 reverse\n}\n"
      "notify_master \"/bin/master 'a b'\" root\nnotify /bin/any\nnopreempt\nuse_vmac vrrp7 02:00:00:00:00\n");
  ASSERT_THAT(vi.peers, SizeIs(2));
  EXPECT_EQ(vi.peers[1].least_ttl, 254);
  EXPECT_TRUE(vi.check_source);
  EXPECT_EQ(vi.security.type, cluster::VrrpAuthentication::password);
  EXPECT_EQ(vi.security.password, "secret");
  ASSERT_THAT(vi.tracks, SizeIs(2));
  EXPECT_EQ(vi.tracks[0].weight, std::nullopt);
  EXPECT_EQ(vi.tracks[1].weight, -20);
  EXPECT_TRUE(vi.tracks[1].reverse);
  EXPECT_EQ(vi.notify.master, "/bin/master 'a b'");
  EXPECT_EQ(vi.notify.user, "root");
  EXPECT_EQ(vi.notify.any, "/bin/any");
  EXPECT_FALSE(vi.preempt);
  EXPECT_EQ(vi.virtual_mac_interface, "vrrp7");
  EXPECT_EQ(vi.mac, "02:00:00:00:00:33") << "the last byte is the VRID";
}

TEST(ReadKeepalived, WritesRoutesAndRulesAsIpDoes) {
  const auto vi = instance(
      "virtual_routes {\nsrc 10.0.0.1 to 10.1.0.0/16 via 10.0.0.254 dev eth1\n10.2.0.0/16 gw 10.0.0.254\n"
      "blackhole 10.4.0.0/16\n10.3.0.0/16 via 10.0.0.252 or 10.0.0.253 dev eth1\n}\n"
      "virtual_rules {\nfrom 10.0.0.0/8 table 2 preference 7\n}");
  std::vector<std::string> routes;
  for (const auto& route : vi.routes) routes.push_back(route.text);
  EXPECT_THAT(routes, ElementsAre("10.1.0.0/16 via 10.0.0.254 dev eth1 src 10.0.0.1", "10.2.0.0/16 via 10.0.0.254",
                                  "blackhole 10.4.0.0/16", "10.3.0.0/16 via 10.0.0.252 or 10.0.0.253 dev eth1"));
  EXPECT_EQ(vi.rules.at(0).text, "from 10.0.0.0/8 table 2 preference 7");
}

TEST(ReadKeepalived, LeavesOutRoutesThatItCannotPutThere) {
  EXPECT_THAT(warnings("static_routes {\n10.3.0.0/16 via 10.0.0.252 dev eth1 nhid 7\n}\n"),
              ElementsAre(HasSubstr("k.conf:2: '10.3.0.0/16 via 10.0.0.252 dev eth1 nhid 7' is left out: 'nhid'")));
}

TEST(ReadKeepalived, PreemptsWhereTheStateIsMasterAsKeepalivedDoes) {
  const auto vi = instance("state MASTER\nnopreempt\npreempt_delay 5\n");
  EXPECT_TRUE(vi.preempt);
  EXPECT_EQ(vi.preempt_delay, 0ms);
}

TEST(ReadKeepalived, AdaptsWhatKeepalivedAdapts) {
  EXPECT_THAT(
      warnings("vrrp_instance VI {\ninterface eth0\nvirtual_router_id 1\nstate MASTER\nnopreempt\nadvert_int 0.5\n}\n"),
      ElementsAre(HasSubstr("advert_int of 500 ms is taken as 1000 ms"),
                  HasSubstr("k.conf:1: nopreempt and preempt_delay need state BACKUP")));
}

TEST(ReadKeepalived, RefusesNamesThatCannotBeWrittenAsYaml) {
  EXPECT_THAT(problems("vrrp_instance \"%I: 1\" {\ninterface eth0\nvirtual_router_id 1\n}\n"), IsEmpty());
  EXPECT_THAT(problems("vrrp_instance \xc3\xa4 {\ninterface eth0\nvirtual_router_id 1\n}\n"),
              ElementsAre(HasSubstr("a name has 1 to 64 characters of printable ASCII")));
  EXPECT_THAT(problems("vrrp_instance groups {\ninterface eth0\nvirtual_router_id 1\n}\n"),
              ElementsAre(HasSubstr("k.conf:1: instance 'groups': vrrp: has a section of this name")));
}

TEST(ReadKeepalived, RefusesInterfacesMacsAndScopesThatTheKernelWouldRefuse) {
  const auto vi = [](std::string_view lines) {
    return fmt::format("vrrp_instance VI {{\ninterface eth0\nvirtual_router_id 7\n{}\n}}\n", lines);
  };
  EXPECT_THAT(problems(vi("interface \x16")), ElementsAre(HasSubstr("k.conf:4: '?' cannot be an interface")));
  EXPECT_THAT(problems(vi("use_vmac a_name_that_is_too_long")), ElementsAre(HasSubstr("cannot be an interface")));
  EXPECT_THAT(problems(vi("use_vmac 02:00:00:00:0x:01")), ElementsAre(HasSubstr("is not a MAC address")));
  EXPECT_THAT(problems(vi("virtual_ipaddress {\n10.0.0.1 scope near\n}")),
              ElementsAre(HasSubstr("k.conf:5: scope is global, site, link or host, not 'near'")));
  const auto instance = read(vi("use_vmac 02:00:00:AA:00\nvirtual_ipaddress {\n10.0.0.1 scope 253\n}")).cluster.vrrp;
  EXPECT_EQ(instance.instances.at(0).mac, "02:00:00:aa:00:07");
  EXPECT_EQ(instance.instances.at(0).addresses.at(0).scope, "link");
}

TEST(ReadKeepalived, ReadsWhatIsTracked) {
  const Reading reading = read(
      "vrrp_instance VI {\ninterface eth0\nvirtual_router_id 1\ntrack_script {\nchk\nnone\n}\n}\n"
      "vrrp_script chk {\nscript \"/bin/chk -x\"\ninterval 2.5\nweight -10 reverse\nrise 2\nfall 3\nuser "
      "nobody\ninit_fail\n}\n"
      "track_file f {\nfile /tmp/f\nweight 3\ninit_file 7 overwrite\n}\n"
      "vrrp_track_process p {\nprocess \"/tmp/a b\" one \"two words\"\nquorum 2\ndelay 1.5\n}\n"
      "vrrp_sync_group G {\ngroup {\nVI\n}\nnotify_backup /bin/b\n}\n");
  const auto& vrrp = reading.cluster.vrrp;
  EXPECT_EQ(vrrp.scripts.at(0).command, "/bin/chk -x");
  EXPECT_EQ(vrrp.scripts[0].interval, 2500ms);
  EXPECT_EQ(vrrp.scripts[0].weight, -10);
  EXPECT_TRUE(vrrp.scripts[0].reverse);
  EXPECT_TRUE(vrrp.scripts[0].initially_failed);
  EXPECT_EQ(vrrp.files.at(0).initial, 7);
  EXPECT_EQ(vrrp.processes.at(0).process, "/tmp/a b");
  EXPECT_THAT(vrrp.processes[0].arguments, ElementsAre("one", "two words"));
  EXPECT_EQ(vrrp.processes[0].down_delay, 1500ms);
  EXPECT_THAT(vrrp.groups.at(0).instances, ElementsAre("VI"));
  EXPECT_THAT(vrrp.instances.at(0).tracks, SizeIs(1)) << "what is not there is not tracked";
  EXPECT_THAT(to_string(reading.warnings.at(0)), HasSubstr("k.conf:1: there is no script 'none'"));
}

TEST(ReadKeepalived, ReadsTheKeysOfAdvertisements) {
  const auto security =
      instance(
          "advert_int 2\nauth_hmac {\nactive_key 2\nkey 1 0123456789abcdef0123456789abcdef\n"
          "key 2 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff\nmode receive-only\n"
          "anti_replay monotonic\n}")
          .security;
  EXPECT_EQ(security.type, cluster::VrrpAuthentication::hmac);
  ASSERT_THAT(security.keys, SizeIs(2));
  EXPECT_EQ(security.keys[0].id, 2) << "the active one signs";
  EXPECT_EQ(security.keys[0].secret, std::string("\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17"
                                                 "\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\377",
                                                 32));
  EXPECT_EQ(security.keys[1].secret, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(security.mode, cluster::HmacMode::receive_only);
  EXPECT_EQ(security.anti_replay, cluster::AntiReplay::monotonic);
  EXPECT_EQ(security.window, 6s) << "three intervals";
  EXPECT_EQ(instance("auth_hmac {\nkey 1 0123456789abcdef0123456789abcdef\n}").security.window, 5s);
  EXPECT_EQ(instance("auth_hmac {\nkey 1 0123456789abcdef0123456789abcdef\ntime_window 9\n}").security.window, 9s);
}

TEST(ReadKeepalived, RefusesKeysThatAreNone) {
  const auto problem = [](std::string_view lines) {
    return problems("vrrp_instance VI {\ninterface eth0\nvirtual_router_id 51\nauth_hmac {\n" + std::string(lines) +
                    "\n}\n}\n");
  };
  EXPECT_THAT(problem("key 1 short"), ElementsAre(HasSubstr("k.conf:5: key 1: a key has 32 to 64 bytes")));
  EXPECT_THAT(problem("mode enforce"), ElementsAre(HasSubstr("k.conf:4: auth_hmac has no key")));
  EXPECT_THAT(problem("key 1 file:/nowhere/key"),
              testing::Contains(HasSubstr("key 1: /nowhere/key: No such file or directory")));
  EXPECT_THAT(problem("key 1 0123456789abcdef0123456789abcdef\nactive_key 2"),
              ElementsAre(HasSubstr("k.conf:6: active_key 2: there is no such key")));
}

TEST(ReadKeepalived, ReadsAVirtualServer) {
  const auto found = service(
      "delay_loop 6\nlvs_sched wrr\nlvs_method DR\npersistence_timeout 50\nprotocol TCP\nquorum 2\nhysteresis 1\n"
      "quorum_up \"/bin/up x\"\nsorry_server 10.0.0.99 80\ninhibit_on_failure\n"
      "real_server 10.0.0.11 80 {\nweight 3\nuthreshold 100\nnotify_down /bin/down\n}\n"
      "real_server 10.0.0.12 {\nlvs_method TUN type gue port 6080\ninhibit_on_failure off\n}");
  EXPECT_EQ(to_string(found.key), "tcp 10.0.0.1:80");
  EXPECT_EQ(found.scheduler, "wrr");
  EXPECT_EQ(found.persistence->timeout, 50s);
  EXPECT_EQ(found.quorum.least, 2U);
  EXPECT_EQ(found.quorum.hysteresis, 1U);
  EXPECT_EQ(found.quorum.up_command, "/bin/up x");
  EXPECT_EQ(found.fallback->endpoint.to_string(), "10.0.0.99:80");
  EXPECT_EQ(found.fallback->forward, ForwardingMethod::route);
  ASSERT_THAT(found.servers, SizeIs(2));
  EXPECT_EQ(found.servers[0].weight, 3U);
  EXPECT_EQ(found.servers[0].health.on_failure, cluster::OnFailure::quiescent);
  EXPECT_EQ(found.servers[0].health.down_command, "/bin/down");
  EXPECT_EQ(found.servers[1].endpoint.port, 80);
  EXPECT_EQ(found.servers[1].tunnel, (cluster::Tunnel{cluster::TunnelType::gue, 6080, cluster::TunnelChecksum::none}));
  EXPECT_EQ(found.servers[1].health.on_failure, cluster::OnFailure::remove);
}

TEST(ReadKeepalived, TakesAHysteresisBelowTheQuorumAsKeepalivedDoes) {
  const auto quorum = [](std::string_view lines) {
    return read(fmt::format("virtual_server 10.0.0.1 80 {{\n{}\nreal_server 10.0.0.11 80 {{\n}}\n}}\n", lines));
  };
  const Reading reading = quorum("hysteresis 5\nquorum 1");
  EXPECT_EQ(reading.cluster.services.at(0).quorum.hysteresis, 0U);
  ASSERT_THAT(reading.warnings, SizeIs(1));
  EXPECT_EQ(to_string(reading.warnings[0]), "k.conf:2: hysteresis 5 is taken as 0: it must be below the quorum (1)");
  EXPECT_TRUE(read_yaml(write_yaml(reading.cluster), "written.yaml"));
  EXPECT_EQ(quorum("quorum 3\nhysteresis 3").cluster.services.at(0).quorum.hysteresis, 2U);
  EXPECT_THAT(quorum("quorum 3\nhysteresis 2").warnings, IsEmpty());
}

TEST(ReadKeepalived, LeadsNothingToALoopbackAddressByNat) {
  const Reading reading = read(
      "virtual_server 10.0.0.1 80 {\nlvs_method NAT\nreal_server 127.0.0.1 80 {\nTCP_CHECK {\n}\n}\n"
      "sorry_server 127.0.0.2 80\n}\nvirtual_server fwmark 7 {\nsorry_server 127.0.0.1 80\n}\n"
      "virtual_server ::2 80 {\nsorry_server ::1\n}\n");
  const auto& services = reading.cluster.services;
  ASSERT_THAT(services, SizeIs(3));
  EXPECT_EQ(services[0].servers.at(0).forward, ForwardingMethod::route);
  EXPECT_EQ(services[0].servers[0].health.checks.at(0).port, 80);
  for (const auto& service : services) EXPECT_EQ(service.fallback->forward, ForwardingMethod::route);
  ASSERT_THAT(reading.warnings, SizeIs(4));
  EXPECT_EQ(to_string(reading.warnings[0]),
            "k.conf:3: NAT (masq) leads no packets to the loopback address 127.0.0.1: it gets them as they are, as by "
            "gate or DR; let it listen on the virtual address, or on every address");
  EXPECT_THAT(to_string(reading.warnings[1]), HasSubstr("k.conf:7: NAT (masq) leads no packets"));
  EXPECT_TRUE(read_yaml(write_yaml(reading.cluster), "written.yaml"));
  EXPECT_THAT(
      problems("virtual_server 10.0.0.1 80 {\nreal_server 127.0.0.1 8080 {\n}\nsorry_server 127.0.0.2 81\n}\n"),
      ElementsAre("k.conf:2: NAT (masq) leads no packets to the loopback address 127.0.0.1, and no other method "
                  "leads to port 8080: use the service's port, or another address of this machine",
                  HasSubstr("k.conf:4: fallback server: NAT (masq) leads no packets")));
}

TEST(ReadKeepalived, RunsCommandsOfServersAsWhomTheyName) {
  const auto reading = read(
      "global_defs {\nscript_user nobody nogroup\n}\nvirtual_server 10.0.0.1 80 {\nquorum_up /bin/up\n"
      "real_server 10.0.0.11 80 {\nnotify_up \"/bin/up 1\" daemon\nnotify_down /bin/down\n}\n"
      "real_server 10.0.0.12 80 {\nnotify_up /bin/up daemon\nnotify_down /bin/down mail mail\n}\n"
      "real_server 10.0.0.13 80 {\nnotify_up /bin/up\n}\nreal_server 10.0.0.14 80 {\n}\n}");
  const auto& service = reading.cluster.services.at(0);
  EXPECT_EQ(service.quorum.command_user, "nobody:nogroup");
  EXPECT_EQ(service.servers.at(0).health.command_user, "daemon");
  EXPECT_EQ(service.servers.at(1).health.command_user, "mail:mail");
  EXPECT_EQ(service.servers.at(2).health.command_user, "nobody:nogroup");
  EXPECT_EQ(service.servers.at(3).health.command_user, "");
  ASSERT_THAT(reading.warnings, SizeIs(1));
  EXPECT_THAT(to_string(reading.warnings[0]), HasSubstr("all notify commands run as 'mail:mail'"));
}

TEST(ReadKeepalived, IsWlcAndNatUnlessItSaysOtherwise) {
  const auto found = service("real_server 10.0.0.11 8080 {\n}");
  EXPECT_EQ(found.scheduler, "wlc");
  EXPECT_EQ(found.servers.at(0).forward, ForwardingMethod::nat);
  EXPECT_EQ(found.servers[0].endpoint.port, 8080);
  EXPECT_TRUE(found.servers[0].health.checks.empty());
}

TEST(ReadKeepalived, HandsTimingDown) {
  const auto tcp = check("TCP_CHECK {\nconnect_timeout 3\nconnect_port 81\nbindto 10.0.0.5\n}", "",
                         "delay_loop 6\nretry 2\nalpha\nwarmup 0");
  EXPECT_EQ(tcp.type, CheckType::tcp);
  EXPECT_EQ(tcp.interval, 6s);
  EXPECT_EQ(tcp.timeout, 3s);
  EXPECT_EQ(tcp.fall, 3U);
  EXPECT_EQ(tcp.changing_interval, 1s);
  EXPECT_EQ(tcp.warmup, 0ms);
  EXPECT_FALSE(tcp.initially_up);
  EXPECT_EQ(tcp.port, 81);
  EXPECT_EQ(tcp.bind_to->address.to_string(), "10.0.0.5");
  const auto plain = check("TCP_CHECK {\n}");
  EXPECT_EQ(plain.interval, 60s);
  EXPECT_TRUE(plain.initially_up);
  EXPECT_EQ(check("MISC_CHECK {\nmisc_path /bin/true\n}").fall, 1U);
  EXPECT_EQ(check("DNS_CHECK {\n}").fall, 4U);
}

TEST(ReadKeepalived, ReadsHttpCheckers) {
  const auto http = check(
      "HTTP_GET {\nhttp_protocol 1.1\nurl {\npath /a\nstatus_code 200 300-302\nregex \"^a\\\\d\"\nregex_options "
      "caseless "
      "dotall\n}\nurl {\npath /b\nvirtualhost b.example\nregex_no_match\ndigest "
      "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\n}\ndelay_before_retry 2\n}",
      "", "virtualhost a.example");
  EXPECT_EQ(http.type, CheckType::http);
  EXPECT_EQ(http.http_version, cluster::HttpVersion::http_1_1);
  EXPECT_EQ(http.changing_interval, 2s);
  ASSERT_THAT(http.requests, SizeIs(2));
  EXPECT_EQ(http.requests[0].status, "200,300-302");
  EXPECT_EQ(http.requests[0].expect, "^a\\d");
  EXPECT_EQ(http.requests[0].regex_options, "caseless dotall");
  EXPECT_EQ(http.requests[0].host, "a.example");
  EXPECT_EQ(http.requests[1].host, "b.example");
  EXPECT_FALSE(http.requests[1].expect_match);
  const auto https = check("SSL_GET {\nenable_sni\nurl {\npath /\n}\n}", "SSL {\nca /ca.pem\n}");
  EXPECT_EQ(https.tls->authority, "/ca.pem");
  EXPECT_TRUE(https.tls->send_server_name);
}

TEST(ReadKeepalived, ReadsTheOtherCheckers) {
  const auto misc = check("MISC_CHECK {\nmisc_path \"/bin/chk a\"\nmisc_timeout 7\nmisc_dynamic\nuser nobody\n}");
  EXPECT_EQ(misc.type, CheckType::command);
  EXPECT_EQ(misc.command, "/bin/chk a");
  EXPECT_EQ(misc.timeout, 7s);
  EXPECT_TRUE(misc.weight_from_result);
  EXPECT_EQ(misc.command_user, "nobody");
  const auto dns = check("DNS_CHECK {\ntype A\nname www.example\n}");
  EXPECT_EQ(dns.record, "A");
  EXPECT_EQ(dns.request, "www.example");
  const auto udp = check("UDP_CHECK {\npayload Ab12f 3\nrequire_reply aX 0\nmin_reply_length 2\n}");
  EXPECT_EQ(udp.send, (std::string{'\xab', '\x12', '\x0f', '\x03'}));
  EXPECT_TRUE(udp.reply);
  EXPECT_EQ(udp.expect, "\\A(?:[\\x{a0}-\\x{af}](?:\\x{00}|\\z)|\\z)");
  EXPECT_EQ(udp.reply_least, 2U);
  EXPECT_EQ(udp.reply_most, 255U);
  const auto file = check("FILE_CHECK {\ntrack_file f\ndynamic\n}", "track_file f {\nfile /tmp/f\nweight 2\n}");
  EXPECT_EQ(file.command, "/tmp/f");
  EXPECT_EQ(file.weight, 2);
  EXPECT_EQ(check("PING_CHECK {\n}").type, CheckType::icmp);
  EXPECT_EQ(check("SMTP_CHECK {\nhelo_name me\nhost {\nconnect_port 2525\n}\n}").port, 2525);
}

TEST(ReadKeepalived, MakesServicesOfGroups) {
  const Reading reading = read(
      "virtual_server group G {\nprotocol UDP\nreal_server 10.0.0.11 53 {\n}\n}\n"
      "virtual_server_group G {\n10.0.0.1 53\n10.0.0.254-255 53\n10.0.1.8/30 54\nfwmark 7\n}\n");
  ASSERT_THAT(reading.cluster.services, SizeIs(2));
  EXPECT_EQ(to_string(reading.cluster.services[0].key), "udp 10.0.0.1:53");
  EXPECT_THAT(reading.cluster.services[0].further_addresses, SizeIs(6));
  EXPECT_EQ(to_string(reading.cluster.services[1].key), "fwmark 7");
}

TEST(ReadKeepalived, RefusesAMemberThatAGroupHasTwice) {
  EXPECT_THAT(problems("virtual_server_group G {\n10.0.0.1 80\n10.0.0.2 80\nfwmark 7\n10.0.0.0-3 80\n10.0.0.1 443\n"
                       "fwmark 7\n}\nvirtual_server group G {\n}\n"),
              ElementsAre("k.conf:5: 10.0.0.1:80 is in virtual_server_group 'G' twice: k.conf:2",
                          "k.conf:7: fwmark 7 is in virtual_server_group 'G' twice: k.conf:4"));
}

TEST(ReadKeepalived, SendsMailWhereThereAreAddresses) {
  const std::string globals =
      "global_defs {\nnotification_email {\na@example.org\nb@example.org\n}\nnotification_email_from lb@example.org\n"
      "smtp_server 127.0.0.1 2525\n}\n";
  const auto found = service("real_server 10.0.0.11 80 {\n}", globals);
  EXPECT_THAT(found.alerts.at(0).to, ElementsAre("a@example.org", "b@example.org"));
  EXPECT_EQ(found.alerts[0].server, "127.0.0.1:2525");
  EXPECT_THAT(service("smtp_alert off\nreal_server 10.0.0.11 80 {\n}", globals).alerts, IsEmpty());
}

TEST(ReadKeepalived, NamesTheNearestKeyword) {
  EXPECT_THAT(problems("global_def {\n}\nvrrp_instance VI {\nvirtual_router_id 1\ninterface eth0\nprioritty 100\n}\n"
                       "virtual_server 10.0.0.1 80 {\nlvs_sched wr\nreal_server 10.0.0.11 80 {\nTCP_CHEK {\n}\n}\n}\n"),
              ElementsAre("k.conf:1: 'global_def' is no keyword of a keepalived.conf; did you mean 'global_defs'?",
                          "k.conf:6: 'prioritty' is no keyword of a vrrp_instance; did you mean 'priority'?",
                          HasSubstr("k.conf:9: there is no scheduler 'wr'"),
                          "k.conf:11: 'TCP_CHEK' is no keyword of a real_server; did you mean 'TCP_CHECK'?"));
}

TEST(ReadKeepalived, ReadsBehindAWrongAddressOn) {
  EXPECT_THAT(
      problems("virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.256 80 {\nwait 3\nTCP_CHECK {\nretry x\n}\n}\n}\n"
               "virtual_server 10.0.0.256 80 {\nreal_server 10.0.0.11 99999 {\nDNS_CHECK {\ntype X\n}\n}\n}\n"),
      ElementsAre("k.conf:2: '10.0.0.256' is no IPv4 or IPv6 address",
                  HasSubstr("k.conf:3: 'wait' is no keyword of a real_server"),
                  HasSubstr("k.conf:5: retry must be a number"), "k.conf:9: '10.0.0.256' is no IPv4 or IPv6 address",
                  HasSubstr("k.conf:10: '99999' is no port"), HasSubstr("k.conf:12: type is A, NS")));
}

TEST(ReadKeepalived, FindsAMistakeOfACheckerOnce) {
  const std::string group = "virtual_server_group G {\n10.0.0.1 80\nfwmark 7\n}\n";
  EXPECT_THAT(problems(group + "virtual_server group G {\nreal_server 10.0.0.11 80 {\nDNS_CHECK {\ntype X\n}\n}\n}\n"),
              ElementsAre(HasSubstr("k.conf:8: type is A, NS")));
  EXPECT_THAT(problems("virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.11 80 {\nFILE_CHECK {\ntrack_file f\n}\n"
                       "MISC_CHECK {\nmisc_path \"\"\n}\nMISC_CHECK {\nmisc_path\n}\nFILE_CHECK {\n}\n}\n}\n"),
              ElementsAre("k.conf:4: there is no track_file 'f'", "k.conf:6: MISC_CHECK has no misc_path",
                          HasSubstr("k.conf:10: misc_path wants a value"), "k.conf:12: FILE_CHECK has no track_file"));
}

TEST(ReadKeepalived, RefusesTwoOfTheSame) {
  const std::string one = "vrrp_instance VI {\ninterface eth0\nvirtual_router_id 1\n}\n";
  EXPECT_THAT(problems(one + one), ElementsAre(HasSubstr("k.conf:5: instance 'VI' is there already: k.conf:1")));
  const std::string other = "vrrp_instance VI_2 {\ninterface eth0\nvirtual_router_id 1\n}\n";
  EXPECT_THAT(problems(one + other), ElementsAre(HasSubstr("'eth0 VRID 1 IPv4' is there already: k.conf:1")));
}

TEST(ReadKeepalived, MailsWhatHappensToInstancesThatWantIt) {
  const std::string globals = "global_defs {\nnotification_email {\nops@example.com\n}\nsmtp_server 10.0.0.25\n";
  const std::string instance = "vrrp_instance VI {\ninterface eth0\nvirtual_router_id 1\n";
  const auto with = read(globals + "}\n" + instance + "smtp_alert\n}\n").cluster.vrrp;
  EXPECT_TRUE(with.instances.at(0).notify.mail);
  ASSERT_THAT(with.alerts, SizeIs(1));
  EXPECT_THAT(with.alerts[0].to, ElementsAre("ops@example.com"));
  EXPECT_THAT(read(globals + "}\n" + instance + "}\n").cluster.vrrp.alerts, IsEmpty());
  EXPECT_THAT(read(globals + "smtp_alert_vrrp\n}\n" + instance + "}\n").cluster.vrrp.alerts, SizeIs(1));
}

TEST(ReadKeepalived, HasTheSyncDaemonFollowAnInstance) {
  const std::string instance = "vrrp_instance VI {\ninterface eth0\nvirtual_router_id 1\n}\n";
  for (const std::string written : {"lvs_sync_daemon eth1 VI", "lvs_sync_daemon eth1 inst VI id 3"}) {
    const auto sync = read("global_defs {\n" + written + "\n}\n" + instance).cluster.sync.kernel;
    ASSERT_THAT(sync, SizeIs(1)) << written;
    EXPECT_EQ(sync[0].instance, "VI") << written;
  }
  EXPECT_THAT(problems("global_defs {\nlvs_sync_daemon eth1 VJ\n}\n" + instance),
              ElementsAre(HasSubstr("k.conf:2: lvs_sync_daemon: there is no vrrp_instance 'VJ'")));
}

TEST(ReadKeepalived, SaysWhatItDoesNotActOn) {
  EXPECT_THAT(
      warnings("global_defs {\nrouter_id X\nvrrp_priority -20\nenable_dbus\n}\nnet_namespace n\nbfd_instance b {\n}\n"),
      ElementsAre(HasSubstr("k.conf:2: router_id"), HasSubstr("k.conf:3: vrrp_priority"),
                  HasSubstr("k.conf:4: enable_dbus"), HasSubstr("k.conf:6: net_namespace"),
                  HasSubstr("k.conf:7: bfd_instance")));
}

TEST(ReadKeepalived, NamesWordsThatNothingLooksAt) {
  EXPECT_THAT(warnings("virtual_server 10.0.0.1 80 { lvs_sched rr lvs_method DR\nreal_server 10.0.0.11 80 {\n"
                       "weight 1 2 foo\nTCP_CHECK { connect_timeout 3 retry 5 }\n}\n"
                       "real_server 10.0.0.12 80 extra {\nHTTP_GET {\n"
                       "url { path / status_code 200 regex \"x\" }\nurl {\npath /b {\nregex y\n}\n}\n}\n}\n}\n"),
              ElementsAre("k.conf:1: behind 'lvs_sched rr' stands 'lvs_method DR', which is not read: one keyword to a "
                          "line",
                          HasSubstr("k.conf:3: behind 'weight 1' stands '2 foo'"),
                          HasSubstr("k.conf:4: behind 'connect_timeout 3' stands 'retry 5'"),
                          HasSubstr("k.conf:6: behind 'real_server 10.0.0.12 80' stands 'extra'"),
                          HasSubstr("k.conf:8: behind 'path /' stands 'status_code 200 regex x'"),
                          HasSubstr("k.conf:11: 'regex y' is not read")));
}

TEST(ReadKeepalived, SaysNothingOfWordsThatItReads) {
  EXPECT_THAT(
      warnings(
          "global_defs {\ninclude_check readable\nrandom_seed 7\nnotification_email {\na@example.org b@example.org\n}\n"
          "script_user nobody nogroup\nlvs_timeouts tcp 7 udp 8\n}\n"
          "vrrp_script chk {\nscript \"/bin/chk\" nobody nogroup\nweight -10 reverse\n}\n"
          "vrrp_instance VI {\ninterface eth0\nvirtual_router_id 1\nnotify \"/bin/any\" nobody nogroup\n"
          "track_script {\nchk weight 5 reverse\n}\nunicast_peer {\n10.0.0.3 min_ttl 254\n}\n"
          "virtual_ipaddress {\n10.0.0.100/24 dev eth0 label eth0:1\n}\nvirtual_routes {\n10.2.0.0/16 via "
          "10.0.0.254\n}\n"
          "}\nvrrp_sync_group G {\ngroup {\nVI\n}\n}\n"
          "virtual_server_group S {\n10.0.0.1 53\nfwmark 7 inet6\n}\n"
          "virtual_server group S {\nprotocol UDP\nsh-port\nlvs_sched sh\n"
          "real_server 10.0.0.11 53 {\nlvs_method TUN type gue port 6080\ninhibit_on_failure off\n"
          "MISC_CHECK {\nmisc_path \"/bin/chk\" nobody nogroup\n}\n}\n}\n"),
      IsEmpty());
}

TEST(ReadKeepalived, SaysWhereAPortHasNoEffectSinceOnlyNatChangesIt) {
  EXPECT_THAT(
      warnings("virtual_server 10.0.0.1 80 {\nlvs_method DR\nreal_server 10.0.0.11 8080 {\n}\n"
               "real_server 10.0.0.12 8080 {\nlvs_method TUN\n}\nreal_server 10.0.0.13 8080 {\nlvs_method NAT\n}\n"
               "real_server 10.0.0.14 80 {\n}\nsorry_server 10.0.0.99 81\n}\n"),
      ElementsAre("k.conf:3: port 8080 has no effect: by route and tunnel (gate, ipip, DR, TUN) the port stays "
                  "the service's, 80; forward by NAT (masq) to change it",
                  HasSubstr("k.conf:5: port 8080 has no effect"), HasSubstr("k.conf:13: port 81 has no effect")));
}

TEST(ReadKeepalived, ComparesThePortOfAServerWithThoseOfTheWholeGroup) {
  const auto of_group = [](const std::string& members) {
    return warnings("virtual_server_group G {\n" + members +
                    "}\nvirtual_server group G {\nlvs_method DR\nreal_server 10.0.0.11 80 {\n}\n}\n");
  };
  EXPECT_THAT(of_group("10.0.0.1 80\n10.0.0.2 80\nfwmark 7\n"), IsEmpty());
  EXPECT_THAT(of_group("10.0.0.1 80\n10.0.0.1 443\n"), ElementsAre(HasSubstr("the port stays the packet's")));
}

TEST(ReadKeepalived, SkipsAByteOrderMarkOfEachFile) {
  const Files files{.read = [](const std::string&) { return "\xef\xbb\xbfvirtual_server 10.0.0.2 80 {\n}\n"; },
                    .match = [](const std::string& pattern) { return std::vector{pattern}; }};
  const auto reading = read_keepalived("\xef\xbb\xbfvirtual_server 10.0.0.1 80 {\n}\ninclude other.conf\n", "k.conf",
                                       known_names(), files);
  ASSERT_TRUE(reading) << to_string(reading.error().front());
  EXPECT_THAT(reading->cluster.services, SizeIs(2));
}

TEST(ReadKeepalived, FindsBracesThatDoNotMatch) {
  EXPECT_THAT(problems("global_defs {\n"), ElementsAre(HasSubstr("k.conf:1: the block of 'global_defs' has no '}'")));
  EXPECT_THAT(problems("}\n"), ElementsAre(HasSubstr("k.conf:1: '}' without a '{'")));
  EXPECT_THAT(problems("{\n}\n"), ElementsAre(HasSubstr("k.conf:1: '{' without a keyword")));
}

/// The configurations that keepalived's package comes with.
TEST(ReadKeepalived, ReadsEverySampleThatKeepalivedReads) {
  const auto files = system_files();
  const auto samples = files.match("/usr/share/doc/keepalived/samples/keepalived.conf*");
  if (samples.empty()) GTEST_SKIP() << "keepalived is not installed";
  // These two have lines that keepalived calls unknown or invalid.
  const std::array<std::string_view, 2> refused = {"keepalived.conf.vrrp.lvs_syncd", "keepalived.conf.vrrp.rules"};
  for (const auto& path : samples) {
    const auto text = read_text(path);
    ASSERT_TRUE(text) << path;
    const auto reading = read_keepalived(*text, path, known_names(), files);
    const bool wanted = std::ranges::none_of(refused, [&](auto name) { return path.ends_with(name); });
    EXPECT_EQ(reading.has_value(), wanted) << path << (reading ? "" : ": " + to_string(reading.error().front()));
  }
}

}  // namespace
}  // namespace ballast::config
