#include "net/sysctl.h"

#include <gtest/gtest.h>

namespace ballast::net {
namespace {

TEST(SysctlFile, BothFormsNameTheSameFile) {
  EXPECT_EQ(sysctl_file("net.ipv4.conf.all.arp_ignore"), "/proc/sys/net/ipv4/conf/all/arp_ignore");
  EXPECT_EQ(sysctl_file("net/ipv4/conf/all/arp_ignore"), "/proc/sys/net/ipv4/conf/all/arp_ignore");
}

TEST(SysctlFile, InterfaceNamesWithDots) {
  EXPECT_EQ(sysctl_file("net/ipv4/conf/eth0.100/arp_ignore"), "/proc/sys/net/ipv4/conf/eth0.100/arp_ignore");
  EXPECT_EQ(sysctl_file("net.ipv4.conf.eth0/100.arp_ignore"), "/proc/sys/net/ipv4/conf/eth0.100/arp_ignore");
}

TEST(SysctlFile, NeverLeavesProcSys) {
  for (const char* name :
       {"", ".", "/etc/passwd", "net/../../../etc/passwd", "net/./ipv4", "net..ipv4", "net.ipv4.", "net.//.//.etc"}) {
    EXPECT_FALSE(sysctl_file(name)) << name;
  }
}

TEST(Sysctl, ReadsAValueWithoutItsLineEnd) {
  const auto value = read_sysctl("kernel.ostype");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(*value, "Linux");
}

TEST(Sysctl, SaysWhichParameterIsMissing) {
  const auto value = read_sysctl("net.ipv4.conf.nosuchif.arp_ignore");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ENOENT);
  EXPECT_NE(value.error().message.find("net.ipv4.conf.nosuchif.arp_ignore"), std::string::npos);
}

}  // namespace
}  // namespace ballast::net
