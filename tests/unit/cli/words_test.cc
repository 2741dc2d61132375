#include "cli/words.h"

#include <gtest/gtest.h>

namespace ballast::cli {
namespace {

using namespace std::chrono_literals;

cluster::VirtualService service(std::string_view endpoint) {
  cluster::VirtualService made;
  made.key = cluster::AddressKey{cluster::Protocol::tcp, net::Endpoint::parse(endpoint).value()};
  made.scheduler = "sh";
  return made;
}

TEST(Words, CallServicesAsIpvsadmDoes) {
  EXPECT_EQ(service_words(service("10.0.0.1:80").key), "TCP  10.0.0.1:80");
  EXPECT_EQ(service_words(service("[fd00::1]:80").key), "TCP  [fd00::1]:80");
  EXPECT_EQ(service_words(cluster::MarkKey{7, net::Family::ipv4}), "FWM  7");
  EXPECT_EQ(service_words(cluster::MarkKey{9, net::Family::ipv6}), "FWM  9 IPv6");
}

TEST(Words, ListFlagsAndPersistenceAsIpvsadmDoes) {
  auto listed = service("10.0.0.1:80");
  EXPECT_EQ(scheduler_words(listed), "sh");
  listed.scheduler_flags = cluster::scheduler_flag_1 | cluster::scheduler_flag_2;
  listed.persistence = cluster::Persistence{360s, 0xffffff00};
  EXPECT_EQ(scheduler_words(listed), "sh (sh-fallback,sh-port) persistent 360 mask 255.255.255.0");
  listed.scheduler = "rr";
  listed.persistence->netmask = 0xffffffff;
  listed.persistence_engine = "sip";
  listed.one_packet = true;
  EXPECT_EQ(scheduler_words(listed), "rr (flag-1,flag-2) persistent 360 pe sip ops");
}

TEST(Words, LeaveOutAFullMask) {
  auto listed = service("[fd00::1]:80");
  listed.persistence = cluster::Persistence{360s, 128};
  EXPECT_EQ(scheduler_words(listed), "sh persistent 360");
  listed.persistence->netmask = 64;
  EXPECT_EQ(scheduler_words(listed), "sh persistent 360 mask 64");
}

TEST(Words, CallForwardingMethodsAndProtocolsAsIpvsadmDoes) {
  EXPECT_EQ(forward_word(cluster::ForwardingMethod::nat), "Masq");
  EXPECT_EQ(forward_word(cluster::ForwardingMethod::route), "Route");
  EXPECT_EQ(forward_word(cluster::ForwardingMethod::tunnel), "Tunnel");
  EXPECT_EQ(protocol_word(0), "IP");
  EXPECT_EQ(protocol_word(51), "51");
}

TEST(Words, Count) {
  EXPECT_EQ(counted(0, "service"), "0 services");
  EXPECT_EQ(counted(1, "service"), "1 service");
}

TEST(Words, TellTimes) {
  EXPECT_EQ(expiry_words(0), "00:00");
  EXPECT_EQ(expiry_words(899), "14:59");
  EXPECT_EQ(expiry_words(2678400), "44640:00");
  EXPECT_EQ(duration_words(6s), "6s");
  EXPECT_EQ(duration_words(306s), "5m 06s");
  EXPECT_EQ(duration_words(14700s), "4h 05m");
  EXPECT_EQ(duration_words(273600s), "3d 4h");
}

}  // namespace
}  // namespace ballast::cli
