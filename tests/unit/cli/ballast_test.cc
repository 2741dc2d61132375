#include "cli/ballast.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/instance.h"
#include "control/operations.h"
#include "control/server.h"
#include "tests/unit/control/fake_director.h"
#include "tests/unit/control/temporary_directory.h"

namespace ballast::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  int status = 0;
  std::string out;
  std::string error;
};

Outcome run(std::vector<std::string> words) {
  words.insert(words.begin(), "ballast");
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.status = run_ballast(static_cast<int>(words.size()), arguments.data());
  std::fflush(stdout);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.error = testing::internal::GetCapturedStderr();
  return outcome;
}

/// A daemon with a director in memory, as instance "test" in a runtime directory of its own.
class BallastTest : public testing::Test {
 protected:
  BallastTest() {
    ::setenv("BALLAST_RUNTIME_DIRECTORY", directory_.path().c_str(), 1);
    ::unsetenv("BALLAST_INSTANCE");
    std::filesystem::create_directory(runtime_directory("test"));
    plane_ =
        control::ControlPlane::start(
            {.instance = "test",
             .configuration = "test.yaml",
             .state_file = directory_ / "state.json",
             .read_configuration = [this] { return file_; },
             .open_director = [this](const cluster::DirectorSettings&) -> Result<std::unique_ptr<director::Director>> {
               return std::make_unique<control::FakeDirector>(path_);
             }},
            {})
            .value();
  }
  ~BallastTest() override {
    if (thread_.joinable()) {
      boost::asio::post(context_, [this] {
        server_.reset();
        context_.stop();
      });
      thread_.join();
    }
    ::unsetenv("BALLAST_RUNTIME_DIRECTORY");
    ::unsetenv("BALLAST_INSTANCE");
  }

  /// Answers from here on.
  void listen() {
    server_ = control::Server::listen(
                  context_, control_socket("test"),
                  {.answer = [this](std::string_view line) { return control::answer(*plane_, line); }, .answered = {}})
                  .value();
    thread_ = std::thread([this] { context_.run(); });
  }

  void add_connections(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      auto& connection = path_.connections.emplace_back();
      connection.protocol = 6;
      connection.client = {net::Address::ipv4(0x0a090000 + i / 60000), static_cast<std::uint16_t>(i % 60000)};
    }
  }

  TemporaryDirectory directory_;
  control::FakePath path_;
  Result<config::Reading> file_;
  std::unique_ptr<control::ControlPlane> plane_;
  boost::asio::io_context context_;
  std::unique_ptr<control::Server> server_;
  std::thread thread_;
};

TEST_F(BallastTest, WrongUsageEndsWith2) {
  EXPECT_EQ(run({}).status, 2);
  EXPECT_EQ(run({"status", "--colour"}).status, 2);
  EXPECT_EQ(run({"check"}).status, 2);
  EXPECT_EQ(run({"run", "--log-level", "loud"}).status, 2);
  EXPECT_EQ(run({"connections", "--port", "70000"}).status, 2);
  EXPECT_EQ(run({"connections", "--client", "x"}).status, 2);
}

TEST_F(BallastTest, WrongUsageIsOneLineThatNamesTheCommand) {
  EXPECT_EQ(run({"connections", "--client", "bad"}).error,
            "ballast connections: --client bad: must be an address or a prefix, as 10.9.0.0/16; 'ballast connections "
            "--help' explains\n");
  EXPECT_EQ(run({"check"}).error, "ballast check: FILE is required; 'ballast check --help' explains\n");
}

TEST_F(BallastTest, NamesACommandThatItDoesNotHave) {
  const auto outcome = run({"conquer"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.error, "ballast: there is no command 'conquer': 'ballast --help' lists them\n");
}

TEST_F(BallastTest, HelpAndVersionNeedNoDaemon) {
  EXPECT_EQ(run({"--help"}).status, 0);
  const auto version = run({"version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.out, StartsWith("ballast "));
  EXPECT_EQ(run({"--version"}).out, version.out);
  EXPECT_EQ(run({"--version"}).status, 0);
}

TEST_F(BallastTest, SaysOnOneLineThatNoDaemonAnswers) {
  const auto outcome = run({"--instance", "test", "status"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.error, StartsWith("ballast status: no ballast daemon answers for instance 'test'"));
  EXPECT_EQ(std::ranges::count(outcome.error, '\n'), 1);
}

TEST_F(BallastTest, ShowsTheStatusOfTheInstance) {
  listen();
  EXPECT_THAT(run({"--instance", "test", "status"}).out, HasSubstr("Instance       test, process"));
  EXPECT_THAT(run({"status", "--instance", "test"}).out, HasSubstr("Instance       test, process"));
  const auto json = boost::json::parse(run({"status", "--json", "--instance=test"}).out);
  EXPECT_EQ(json.at("instance"), "test");
}

TEST_F(BallastTest, ListsConnectionsAcrossPages) {
  add_connections(10'000);
  listen();
  const auto outcome = run({"connections", "--instance", "test"});
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 10'001);
  const auto json = boost::json::parse(run({"connections", "--instance", "test", "--json"}).out);
  EXPECT_EQ(json.as_array().size(), 10'000);
}

TEST_F(BallastTest, FindsAConnectionBeyondTheFirstPage) {
  add_connections(10'000);
  listen();
  const auto outcome = run({"connections", "--instance", "test", "--client-port", "9999"});
  EXPECT_THAT(outcome.out, HasSubstr("10.9.0.0:9999"));
  EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 2);
}

TEST_F(BallastTest, LimitsConnections) {
  add_connections(10'000);
  listen();
  const auto json = boost::json::parse(run({"connections", "--instance", "test", "--json", "--limit", "5000"}).out);
  EXPECT_EQ(json.as_array().size(), 5000);
}

TEST_F(BallastTest, NoConnectionsAreAnEmptyList) {
  listen();
  EXPECT_EQ(run({"connections", "--instance", "test"}).out, "no connections\n");
  EXPECT_EQ(run({"connections", "--instance", "test", "--json"}).out, "[]\n");
}

TEST_F(BallastTest, ReloadSaysWhatChanged) {
  listen();
  file_->cluster.services.emplace_back().key = cluster::MarkKey{1, net::Family::ipv4};
  EXPECT_EQ(run({"reload", "--instance", "test"}).out, "changed: 1 service added\n");
}

TEST_F(BallastTest, ReloadOfABrokenFileFailsAndSaysWhere) {
  listen();
  file_ = fail("test.yaml:3:1: unknown key 'servces'", EINVAL);
  const auto outcome = run({"reload", "--instance", "test"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.error, HasSubstr("ballast reload: test.yaml:3:1: unknown key 'servces'\n"));
}

TEST_F(BallastTest, IpvsadmTakesItsOwnOptions) {
  listen();
  const auto outcome = run({"--instance", "test", "ipvsadm", "-A", "-t", "10.0.0.1:80", "-s", "rr"});
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  ASSERT_EQ(path_.applied.services.size(), 1);
  EXPECT_EQ(to_string(path_.applied.services[0].key), "tcp 10.0.0.1:80");
}

TEST_F(BallastTest, AppliesAFileInEitherFormat) {
  listen();
  const std::string yaml = directory_ / "services.yaml";
  std::ofstream(yaml) << "services: {www: {listen: \"10.0.0.1:80/tcp\", forward: nat, servers: [\"10.1.0.1:80\"]}}";
  const std::string added = "+ tcp 10.0.0.1:80  scheduler wlc\n  + 10.1.0.1:80  forward nat, weight 1\n";
  EXPECT_EQ(run({"--instance", "test", "apply", yaml, "--dry-run"}).out, added + "would change: 1 service added\n");
  EXPECT_TRUE(path_.applied.services.empty());
  EXPECT_EQ(run({"--instance", "test", "apply", yaml, "--diff"}).out, added + "changed: 1 service added\n");
  EXPECT_EQ(run({"--instance", "test", "apply", yaml}).out, "changed: nothing\n");

  const std::string rules = directory_ / "rules";
  std::ofstream(rules) << "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 5\n";
  EXPECT_EQ(run({"--instance", "test", "apply", rules, "--diff"}).out,
            "~ tcp 10.0.0.1:80  scheduler wlc -> rr\n  ~ 10.1.0.1:80  weight 1 -> 5\nchanged: 1 service changed\n");
}

TEST_F(BallastTest, AppliesNothingOfAFileWithAnError) {
  listen();
  const std::string rules = directory_ / "rules";
  std::ofstream(rules) << "-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.1:80 -s rr\n";
  const auto outcome = run({"--instance", "test", "apply", rules});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.error, fmt::format("ballast apply: {}:2: service tcp 10.0.0.1:80: exists already; edit it, or "
                                       "delete it first\n",
                                       rules));
  EXPECT_TRUE(path_.applied.services.empty());
  EXPECT_EQ(run({"--instance", "test", "apply", rules, "--format", "yaml"}).status, 1);
  EXPECT_EQ(run({"--instance", "test", "apply", directory_ / "nosuch"}).status, 1);
}

TEST_F(BallastTest, PrintsWhatExportersRead) {
  listen();
  add_connections(20000);
  EXPECT_THAT(run({"--instance", "test", "proc", "ip_vs"}).out, StartsWith("IP Virtual Server version 1.2.1"));
  EXPECT_EQ(std::ranges::count(run({"--instance", "test", "proc", "ip_vs_conn"}).out, '\n'), 20001);
  EXPECT_THAT(run({"--instance", "test", "proc", "ip_vs_stats"}).out, StartsWith("   Total Incoming"));
  EXPECT_THAT(run({"--instance", "test", "metrics"}).out, HasSubstr("\nballast_connections 20000\n"));
  EXPECT_EQ(run({"--instance", "test", "proc", "ip_fs"}).status, 2);
}

}  // namespace
}  // namespace ballast::cli
