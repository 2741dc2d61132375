#include "health/maintenance.h"

#include <gtest/gtest.h>

namespace ballast::health {
namespace {

MaintenanceName name(std::string_view file) { return parse_maintenance_name(file).value(); }

TEST(Maintenance, AFileNamesAServerOrAnAddress) {
  EXPECT_EQ(name("10.0.1.1:80").address, net::Address::parse("10.0.1.1"));
  EXPECT_EQ(name("10.0.1.1:80").port, 80);
  EXPECT_EQ(name("10.0.1.1").port, std::nullopt);
  EXPECT_EQ(name("fd00::1").address, net::Address::parse("fd00::1"));
  EXPECT_EQ(name("[fd00::1]:80").port, 80);
}

TEST(Maintenance, AFileNamesAHost) {
  EXPECT_EQ(name("web1:80"), (MaintenanceName{"web1", {}, 80}));
  EXPECT_EQ(name("web1.example.com"), (MaintenanceName{"web1.example.com", {}, {}}));
  EXPECT_EQ(name("web1:http"), (MaintenanceName{"web1:http", {}, {}}));
}

TEST(Maintenance, HiddenFilesAreNone) {
  EXPECT_EQ(parse_maintenance_name(".10.0.1.1.swp"), std::nullopt);
  EXPECT_EQ(parse_maintenance_name(""), std::nullopt);
}

TEST(Maintenance, AnAddressAloneIsAllItsServers) {
  const auto server = net::Endpoint::parse("10.0.1.1:80").value();
  EXPECT_TRUE(is_in_maintenance({{server.address, {}}}, server));
  EXPECT_TRUE(is_in_maintenance({{server.address, 80}}, server));
  EXPECT_FALSE(is_in_maintenance({{server.address, 81}}, server));
  EXPECT_FALSE(is_in_maintenance({}, server));
}

}  // namespace
}  // namespace ballast::health
