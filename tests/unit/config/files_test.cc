// The examples that are shipped, and the inputs that fuzzing started from or found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "config/yaml.h"

namespace ballast::config {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const std::filesystem::path tests_directory = BALLAST_TEST_DIRECTORY;

cluster::Cluster example(const std::string& name) {
  auto cluster = read_yaml_file(tests_directory.parent_path() / "examples" / name);
  EXPECT_TRUE(cluster) << cluster.error().message;
  return cluster.value_or(cluster::Cluster{});
}

TEST(Example, MinimalNatForwardsByNat) {
  const auto cluster = example("minimal-nat.yaml");
  ASSERT_THAT(cluster.services, SizeIs(1));
  EXPECT_EQ(cluster::to_string(cluster.services[0].key), "tcp 172.16.3.100:80");
  ASSERT_THAT(cluster.services[0].servers, SizeIs(2));
  EXPECT_EQ(cluster.services[0].servers[0].forward, cluster::ForwardingMethod::nat);
}

TEST(Example, DirectRoutingForwardsByRoute) {
  const auto cluster = example("direct-routing.yaml");
  ASSERT_THAT(cluster.services, SizeIs(1));
  ASSERT_THAT(cluster.services[0].servers, SizeIs(2));
  for (const auto& server : cluster.services[0].servers) EXPECT_EQ(server.forward, cluster::ForwardingMethod::route);
}

TEST(Example, TunnelShowsEveryTypeOfTunnel) {
  const auto cluster = example("tunnel.yaml");
  ASSERT_THAT(cluster.services, SizeIs(1));
  ASSERT_THAT(cluster.services[0].servers, SizeIs(3));
  EXPECT_EQ(cluster.services[0].servers[0].tunnel.type, cluster::TunnelType::ipip);
  EXPECT_EQ(cluster.services[0].servers[1].tunnel.type, cluster::TunnelType::gue);
  EXPECT_EQ(cluster.services[0].servers[2].tunnel.type, cluster::TunnelType::gre);
}

TEST(Example, TwoServicesShareOnePool) {
  const auto cluster = example("two-services-one-pool.yaml");
  ASSERT_THAT(cluster.services, SizeIs(2));
  EXPECT_EQ(cluster.services[0].pool, cluster.services[1].pool);
  EXPECT_EQ(cluster.services[0].servers[0].endpoint.port, 80);
  EXPECT_EQ(cluster.services[1].servers[0].endpoint.port, 443);
}

TEST(Example, ThereIsNoneThatCannotBeRead) {
  for (const auto& file : std::filesystem::directory_iterator(tests_directory.parent_path() / "examples")) {
    if (file.path().extension() != ".yaml") continue;
    const auto cluster = read_yaml_file(file.path());
    EXPECT_TRUE(cluster) << cluster.error().message;
  }
}

TEST(Documentation, ShowsAConfigurationThatCanBeRead) {
  const auto page = read_text(tests_directory.parent_path() / "docs/configuration.md");
  ASSERT_TRUE(page) << page.error().message;
  const std::string opening = "```yaml\n";
  const auto begin = page->find(opening);
  const auto end = page->find("```", begin + opening.size());
  ASSERT_NE(end, std::string::npos);
  const auto cluster =
      read_yaml(page->substr(begin + opening.size(), end - begin - opening.size()), "configuration.md");
  ASSERT_TRUE(cluster) << cluster.error().message;
  EXPECT_THAT(cluster->services, SizeIs(1));
}

TEST(Corpus, IsReadOrRefusedInOneLine) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(tests_directory / "fuzz/corpus/config_yaml")) {
    ++files;
    const auto cluster = read_yaml_file(file.path());
    if (cluster) {
      EXPECT_TRUE(read_yaml(write_yaml(*cluster), "written")) << file.path();
    } else {
      EXPECT_THAT(cluster.error().message, Not(HasSubstr("\n"))) << file.path();
    }
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace ballast::config
