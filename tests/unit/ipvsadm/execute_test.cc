#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/ipvsadm/error_text.h"
#include "cluster/edit.h"
#include "recording.h"
#include "session.h"

namespace ballast::ipvsadm {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Session::Printed run(Session& session, std::string_view command, const std::string& input = {}) {
  return session.run(split_words(command), input);
}

TEST(Ipvsadm, SaysWhyThereIsNoTable) {
  Session session;
  session.table.closed = Error{"no daemon answers", ECONNREFUSED};
  const auto printed = run(session, "ipvsadm -Ln");
  EXPECT_EQ(printed.exit_code, 2);
  EXPECT_EQ(printed.output, "");
  EXPECT_EQ(printed.errors,
            "Can't initialize ipvs: no daemon answers\n"
            "Are you sure that IP Virtual Server is built in the kernel or as module?\n");
}

TEST(Ipvsadm, TellsThoseWhoAreNotRoot) {
  Session session;
  session.table.closed = Error{"connect: Permission denied", EACCES};
  EXPECT_THAT(run(session, "ipvsadm").errors,
              StartsWith("Can't initialize ipvs: Permission denied (you must be root)\n"));
}

TEST(Ipvsadm, HelpsAndChecksUsageWithoutATable) {
  Session session;
  session.table.closed = Error{"no daemon answers", ECONNREFUSED};
  EXPECT_EQ(run(session, "ipvsadm -h").exit_code, 0);
  EXPECT_THAT(run(session, "ipvsadm -v").output, StartsWith("ipvsadm v1.31 "));
  EXPECT_EQ(run(session, "ipvsadm -A").errors,
            "You need to supply the 'service-address' option for the 'add-service' command\n");
}

TEST(Ipvsadm, NamesItselfAsItWasCalled) {
  Session session;
  EXPECT_THAT(run(session, "/opt/ipvsadm -h").output, HasSubstr("\n  /opt/ipvsadm -A|E virtual-service "));
  EXPECT_EQ(run(session, "/opt/ipvsadm -q").errors,
            "Try `/opt/ipvsadm -h' or '/opt/ipvsadm --help' for more information.\n");
}

TEST(Ipvsadm, ARestoreEndsWhereTheTableIsLost) {
  Session session;
  session.table.closed = Error{"no daemon answers", ECONNREFUSED};
  const auto printed = run(session, "ipvsadm -R", "-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81\n");
  EXPECT_EQ(printed.exit_code, 2);
  EXPECT_EQ(printed.errors.find("Can't"), printed.errors.rfind("Can't"));
}

TEST(Ipvsadm, WhatIsSavedRestoresTheSameTable) {
  Session session;
  for (const auto* command :
       {"ipvsadm -A -t 10.0.0.1:80 -s sh -b sh-port -p 50 -M 255.255.255.0", "ipvsadm -A -u [fd00::1]:53 -s wrr -o",
        "ipvsadm -A -f 9 -6 -s rr -p 30 -M 64 --pe sip", "ipvsadm -A --sctp-service 10.0.0.1:99",
        "ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.1 -i -w 7 --tun-type gue --tun-port 6080 --tun-csum",
        "ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.2:8080 -m", "ipvsadm -a -f 9 -6 -r [fd00::2]:80"}) {
    ASSERT_EQ(run(session, command).errors, "") << command;
  }
  const auto saved = run(session, "ipvsadm -S -n").output;
  Session other;
  EXPECT_EQ(run(other, "ipvsadm -R", saved).errors, "");
  EXPECT_EQ(run(other, "ipvsadm -S -n").output, saved);
  EXPECT_EQ(other.table.cluster.services.size(), 4u);
}

TEST(Ipvsadm, ReadsAWholeServiceAndServer) {
  Session session;
  ASSERT_EQ(run(session, "ipvsadm -A -u 10.0.0.1:53 -s wrr -b flag-2 -p 5 -M 255.0.0.0 -o").errors, "");
  ASSERT_EQ(run(session, "ipvsadm -a -u 10.0.0.1:53 -r 10.0.1.1:54 -m -w 3 -x 20 -y 10").errors, "");
  cluster::VirtualService expected;
  expected.key = cluster::AddressKey{cluster::Protocol::udp, *net::Endpoint::parse("10.0.0.1:53")};
  expected.scheduler = "wrr";
  expected.scheduler_flags = cluster::scheduler_flag_2;
  expected.persistence = {std::chrono::seconds(5), 0xff000000};
  expected.one_packet = true;
  auto& server = expected.servers.emplace_back();
  server.endpoint = *net::Endpoint::parse("10.0.1.1:54");
  server.forward = cluster::ForwardingMethod::nat;
  server.weight = 3;
  server.upper_threshold = 20;
  server.lower_threshold = 10;
  EXPECT_EQ(session.table.cluster.services, std::vector{expected});
}

TEST(Ipvsadm, RefusesIpv4InTheClothesOfIpv6) {
  Session session;
  EXPECT_EQ(run(session, "ipvsadm -A -t [::ffff:10.0.0.1]:80").errors,
            "illegal virtual server address[:port] specified\n");
}

TEST(ErrorText, IsTheDaemonsOwnWhereIpVsHasNone) {
  EXPECT_EQ(error_text(Request::add_service, {"the table is full: raise director.services", ENOSPC}),
            "the table is full: raise director.services");
  EXPECT_EQ(error_text(Request::add_service, {"anything", ERANGE}), "Numerical result out of range");
  EXPECT_EQ(error_text(Request::other, {"anything", ENOENT}), "No such file or directory");
}

TEST(SystemNames, KnowsThisMachine) {
  const SystemNames names;
  EXPECT_EQ(names.address("localhost"), net::Address::ipv4(0x7f000001));
  EXPECT_EQ(names.address("no-such-host.invalid"), std::nullopt);
  EXPECT_EQ(names.port("no-such-service", 6), std::nullopt);
  EXPECT_EQ(names.port("http", 0), std::nullopt);
  EXPECT_EQ(names.service(80, 0), std::nullopt);
}

}  // namespace
}  // namespace ballast::ipvsadm
