#include "config/sources/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/yaml.h"
#include "tests/unit/config/known_names.h"

namespace ballast::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class SourcesTest : public testing::Test {
 protected:
  SourcesTest() { std::filesystem::create_directories(directory_); }
  ~SourcesTest() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, std::string_view text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  std::string directory_ = testing::TempDir() + "sources_test_" + std::to_string(::getpid());
};

constexpr std::string_view yaml = "services:\n  www:\n    listen: \"10.0.0.1:80/tcp\"\n    servers: []\n";
constexpr std::string_view ldirectord = "autoreload=yes\nvirtual=10.0.0.2:80\n    real=10.0.0.11 gate\n";
constexpr std::string_view keepalived = "vrrp_instance VI {\ninterface eth0\nvirtual_router_id 1\n}\n";

TEST_F(SourcesTest, JoinsFilesOfSeveralFormats) {
  const auto reading = read_sources({{Format::yaml, file("a.yaml", yaml)},
                                     {Format::ldirectord, file("b.cf", ldirectord)},
                                     {Format::keepalived, file("c.conf", keepalived)}},
                                    known_names());
  ASSERT_TRUE(reading) << to_string(reading.error().front());
  EXPECT_THAT(reading->cluster.services, SizeIs(2));
  EXPECT_THAT(reading->cluster.vrrp.instances, SizeIs(1));
  EXPECT_THAT(reading->wishes, SizeIs(1));
  EXPECT_THAT(reading->files, SizeIs(3));
}

TEST_F(SourcesTest, AFileThatWasReadAlreadyIsNotReadAgain) {
  const Source pipe{.format = Format::yaml, .path = "/dev/fd/nothing", .text = std::string(yaml)};
  const auto reading = read_sources({pipe}, known_names());
  ASSERT_TRUE(reading) << to_string(reading.error().front());
  EXPECT_THAT(reading->cluster.services, SizeIs(1));
}

TEST_F(SourcesTest, RefusesAServiceOfTwoFiles) {
  const auto path = file("b.cf", "virtual=10.0.0.1:80\n    real=10.0.0.11 gate\n");
  const auto other = file("a.yaml", yaml);
  const auto reading = read_sources({{Format::yaml, other}, {Format::ldirectord, path}}, known_names());
  ASSERT_FALSE(reading);
  EXPECT_EQ(to_string(reading.error().at(0)), path + ":1: tcp 10.0.0.1:80 is already a service: " + other);
}

TEST_F(SourcesTest, GivesTheProblemsOfAllFiles) {
  const auto reading = read_sources({{Format::yaml, file("a.yaml", "servces:\n")},
                                     {Format::ldirectord, file("b.cf", "chektimeout=1\n")},
                                     {Format::keepalived, directory_ + "/none"}},
                                    known_names());
  ASSERT_FALSE(reading);
  std::vector<std::string> lines;
  for (const auto& problem : reading.error()) lines.push_back(to_string(problem));
  EXPECT_THAT(lines, ElementsAre(HasSubstr("a.yaml:1:1: "), HasSubstr("b.cf:1: "),
                                 directory_ + "/none: No such file or directory"));
}

TEST(GuessFormat, GoesByTheNameThenByTheText) {
  EXPECT_EQ(guess_format("/etc/ha.d/ldirectord.cf", keepalived), Format::ldirectord);
  EXPECT_EQ(guess_format("keepalived.conf.sample", ""), Format::keepalived);
  EXPECT_EQ(guess_format("x.yaml", keepalived), Format::yaml);
  EXPECT_EQ(guess_format("x", yaml), Format::yaml);
  EXPECT_EQ(guess_format("x", ldirectord), Format::ldirectord);
  EXPECT_EQ(guess_format("x", keepalived), Format::keepalived);
  EXPECT_EQ(guess_format("x", "! comment\n@main $A=1\n"), Format::keepalived);
  EXPECT_EQ(guess_format("x", "# comment\nvirtual = 7\n"), Format::ldirectord);
  EXPECT_EQ(guess_format("x", "\xef\xbb\xbf# comment\nvirtual = 7\n"), Format::ldirectord);
  EXPECT_EQ(guess_format("x", ""), Format::yaml);
}

/// Every file that can be read is, written as YAML, read as the same. Services get their names from being written.
void expect_conversion_to_lose_nothing(Format format, const std::string& corpus) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(BALLAST_TEST_DIRECTORY) / corpus)) {
    const auto reading = read_sources({{format, file.path()}}, known_names());
    if (!reading) continue;
    ++files;
    const std::string text = write_yaml(reading->cluster);
    auto again = read_yaml(text, "written");
    ASSERT_TRUE(again) << file.path() << ": " << again.error().message;
    ASSERT_EQ(again->services.size(), reading->cluster.services.size()) << file.path();
    for (std::size_t i = 0; i < again->services.size(); ++i) {
      const auto& name = reading->cluster.services[i].name;
      if (name.empty()) again->services[i].name.clear();
    }
    EXPECT_TRUE(*again == reading->cluster) << file.path() << "\n" << text;
  }
  EXPECT_GT(files, 0);
}

TEST(Conversion, LosesNothing) {
  expect_conversion_to_lose_nothing(Format::ldirectord, "fuzz/corpus/ldirectord");
  expect_conversion_to_lose_nothing(Format::keepalived, "fuzz/corpus/keepalived");
}

}  // namespace
}  // namespace ballast::config
