#include "control/control_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <fstream>
#include <set>

#include "cluster/edit.h"
#include "tests/unit/control/fake_director.h"
#include "tests/unit/control/temporary_directory.h"

namespace ballast::control {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

cluster::ServiceKey key(std::string_view endpoint) {
  return cluster::AddressKey{cluster::Protocol::tcp, net::Endpoint::parse(endpoint).value()};
}

cluster::VirtualService service(std::string_view endpoint, std::string scheduler = "wlc") {
  cluster::VirtualService made;
  made.key = key(endpoint);
  made.scheduler = std::move(scheduler);
  return made;
}

cluster::RealServer server(std::string_view endpoint) {
  cluster::RealServer made;
  made.endpoint = net::Endpoint::parse(endpoint).value();
  return made;
}

/// A control plane whose configuration file is a value and whose packet path is in memory.
class ControlPlaneTest : public testing::Test {
 protected:
  void start() {
    plane_.reset();
    auto started = try_start();
    ASSERT_TRUE(started.has_value()) << started.error().message;
    plane_ = std::move(*started);
  }

  Result<std::unique_ptr<ControlPlane>> try_start() {
    return ControlPlane::start(
        {.instance = "test",
         .configuration = configuration_,
         .state_file = directory_ / "state.json",
         .read_configuration = [this] { return file_; },
         .open_director = [this](const cluster::DirectorSettings&) -> Result<std::unique_ptr<director::Director>> {
           return std::make_unique<FakeDirector>(path_);
         }},
        begin_);
  }

  /// A plane that synchronizes by its own means in `context_`, and that has no VRRP.
  void start_with_sync() {
    auto started = ControlPlane::start(
        {.instance = "test",
         .configuration = configuration_,
         .state_file = directory_ / "state.json",
         .read_configuration = [this] { return file_; },
         .open_director = [this](const cluster::DirectorSettings&) -> Result<std::unique_ptr<director::Director>> {
           return std::make_unique<FakeDirector>(path_);
         },
         .open_vrrp = [](vrrp::Plane::Tell) -> Result<std::unique_ptr<vrrp::Plane>> {
           return fail("no raw sockets", EPERM);
         },
         .open_sync =
             [this](sync::Table table) { return std::make_unique<sync::Synchronizer>(context_, std::move(table)); }},
        begin_);
    ASSERT_TRUE(started.has_value()) << started.error().message;
    plane_ = std::move(*started);
  }

  Result<void> add(const cluster::VirtualService& added) {
    return plane_->change([&](Draft& draft) { return cluster::add_service(draft.cluster, added); });
  }
  Result<void> add(const cluster::ServiceKey& to, const cluster::RealServer& added) {
    return plane_->change([&](Draft& draft) { return cluster::add_server(draft.cluster, to, added); });
  }

  Result<void> set_timeouts(const cluster::Timeouts& timeouts) {
    return plane_->change([&](Draft& draft) { return control::set_timeouts(draft, timeouts); });
  }
  Result<void> zero(const std::optional<cluster::ServiceKey>& of) {
    return plane_->change([&](Draft& draft) { return control::zero(draft, of); });
  }

  std::vector<std::string> applied() const {
    std::vector<std::string> keys;
    for (const auto& one : path_.applied.services) keys.push_back(to_string(one.key) + " " + one.scheduler);
    return keys;
  }

  TemporaryDirectory directory_;
  FakePath path_;
  boost::asio::io_context context_;
  std::string configuration_ = "test.yaml";
  Result<config::Reading> file_;
  ControlPlane::Clock::time_point begin_{};
  std::unique_ptr<ControlPlane> plane_;
};

TEST_F(ControlPlaneTest, BringsTheDirectorToTheFileAtStart) {
  file_->cluster.services = {service("10.0.0.1:80", "rr")};
  start();
  EXPECT_THAT(applied(), ElementsAre("tcp 10.0.0.1:80 rr"));
  EXPECT_FALSE(plane_->status().adopted);
}

TEST_F(ControlPlaneTest, DoesNotStartOnABrokenFile) {
  file_ = fail("test.yaml:3: unknown key", EINVAL);
  const auto started = try_start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().message, "test.yaml:3: unknown key");
  EXPECT_FALSE(path_.running);
}

TEST_F(ControlPlaneTest, DoesNotStartWhenTheDirectorRefuses) {
  path_.refuse_apply = Error{"interface eth9: no such interface", ENODEV};
  const auto started = try_start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ENODEV);
}

TEST_F(ControlPlaneTest, WhereVrrpRefusesServicesAndSynchronizationStayAsTheyWere) {
  start_with_sync();
  file_->cluster.services = {service("10.0.0.1:80", "rr")};
  file_->cluster.sync.peers = cluster::PeerSync{
      .listen = {}, .peers = {net::Endpoint::parse("127.0.0.1:8849").value()}, .key = "a secret of this test"};
  file_->cluster.vrrp.instances.emplace_back().name = "edge";
  const auto reloaded = plane_->reload();
  ASSERT_FALSE(reloaded.has_value());
  EXPECT_THAT(reloaded.error().message, HasSubstr("no raw sockets"));
  EXPECT_THAT(applied(), ElementsAre());
  EXPECT_TRUE(plane_->sync().peers.empty());
  EXPECT_FALSE(path_.keeps_changes);
}

TEST_F(ControlPlaneTest, RunsWithoutAFile) {
  configuration_ = "";
  file_ = fail("must not be read");
  start();
  ASSERT_TRUE(add(service("10.0.0.1:80")));
  EXPECT_THAT(applied(), ElementsAre("tcp 10.0.0.1:80 wlc"));
  const auto reloaded = plane_->reload();
  ASSERT_FALSE(reloaded.has_value());
  EXPECT_EQ(reloaded.error().code, EINVAL);
}

TEST_F(ControlPlaneTest, KeepsTheErrnoWithWhichAnEditRefuses) {
  start();
  ASSERT_TRUE(add(service("10.0.0.1:80")));
  const auto again = add(service("10.0.0.1:80"));
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, EEXIST);
}

TEST_F(ControlPlaneTest, ChangesNothingWhenTheDirectorRefuses) {
  start();
  ASSERT_TRUE(add(service("10.0.0.1:80")));
  path_.refuse_apply = Error{"services: the table is full", ENOSPC};
  const auto refused = add(service("10.0.0.2:80"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ENOSPC);
  EXPECT_EQ(plane_->current().services.size(), 1);
  EXPECT_THAT(applied(), ElementsAre("tcp 10.0.0.1:80 wlc"));
  start();
  EXPECT_THAT(applied(), ElementsAre("tcp 10.0.0.1:80 wlc"));
}

TEST_F(ControlPlaneTest, BringsTheDirectorBackAfterAChangeThatFailed) {
  start();
  const int before = path_.applies;
  path_.refuse_apply = Error{"half way", EIO};
  ASSERT_FALSE(add(service("10.0.0.1:80")).has_value());
  EXPECT_EQ(path_.applies, before + 2);
  EXPECT_EQ(path_.applied, plane_->current());
}

TEST_F(ControlPlaneTest, ReloadReplacesTheFilesServicesAndLeavesTheCommands) {
  file_->cluster.services = {service("10.0.0.1:80"), service("10.0.0.2:80")};
  start();
  ASSERT_TRUE(add(service("10.0.0.9:80")));
  file_->cluster.services = {service("10.0.0.2:80", "rr"), service("10.0.0.3:80")};
  const auto changed = plane_->reload();
  ASSERT_TRUE(changed.has_value()) << changed.error().message;
  EXPECT_EQ(*changed, "1 service added, 1 changed, 1 removed");
  EXPECT_THAT(applied(), ElementsAre("tcp 10.0.0.2:80 rr", "tcp 10.0.0.3:80 wlc", "tcp 10.0.0.9:80 wlc"));
}

TEST_F(ControlPlaneTest, ReloadOfABrokenFileChangesNothingAndSaysWhere) {
  file_->cluster.services = {service("10.0.0.1:80")};
  start();
  const int before = path_.applies;
  file_ = fail("test.yaml:7: weight: must not be negative", EINVAL);
  const auto reloaded = plane_->reload();
  ASSERT_FALSE(reloaded.has_value());
  EXPECT_EQ(reloaded.error().message, "test.yaml:7: weight: must not be negative");
  EXPECT_EQ(path_.applies, before);
  EXPECT_THAT(applied(), ElementsAre("tcp 10.0.0.1:80 wlc"));
}

TEST_F(ControlPlaneTest, ReloadThatTheDirectorRefusesChangesNothing) {
  file_->cluster.services = {service("10.0.0.1:80")};
  start();
  file_->cluster.services.clear();
  path_.refuse_apply = Error{"no", EIO};
  ASSERT_FALSE(plane_->reload().has_value());
  EXPECT_THAT(applied(), ElementsAre("tcp 10.0.0.1:80 wlc"));
}

TEST_F(ControlPlaneTest, TheFileWinsOverACommand) {
  start();
  ASSERT_TRUE(add(service("10.0.0.1:80", "rr")));
  file_->cluster.services = {service("10.0.0.1:80", "sh")};
  ASSERT_TRUE(plane_->reload());
  EXPECT_THAT(applied(), ElementsAre("tcp 10.0.0.1:80 sh"));
  file_->cluster.services.clear();
  ASSERT_TRUE(plane_->reload());
  EXPECT_TRUE(applied().empty());
}

TEST_F(ControlPlaneTest, ServicesOfCommandsSurviveARestart) {
  file_->cluster.services = {service("10.0.0.1:80")};
  start();
  ASSERT_TRUE(add(service("10.0.0.9:80", "rr")));
  ASSERT_TRUE(add(key("10.0.0.9:80"), server("192.168.1.10:80")));
  const auto before = plane_->current();
  start();
  EXPECT_TRUE(plane_->status().adopted);
  EXPECT_EQ(path_.applied, before);
}

TEST_F(ControlPlaneTest, LargeTablesAreSavedByTheNextTick) {
  start();
  ASSERT_TRUE(plane_->change([](Draft& draft) -> Result<void> {
    for (int port = 1; port <= 1000; ++port)
      draft.cluster.services.push_back(service("10.0.0.1:" + std::to_string(port)));
    return {};
  }));
  EXPECT_TRUE(load_state(directory_ / "state.json")->commands.services.empty());
  plane_->tick(begin_ + 100ms);
  EXPECT_EQ(load_state(directory_ / "state.json")->commands.services.size(), 1000);
}

TEST_F(ControlPlaneTest, LeavingSavesWhatIsNotSavedYet) {
  start();
  ASSERT_TRUE(plane_->change([](Draft& draft) -> Result<void> {
    for (int port = 1; port <= 1000; ++port)
      draft.cluster.services.push_back(service("10.0.0.1:" + std::to_string(port)));
    return {};
  }));
  plane_->leave();
  EXPECT_EQ(load_state(directory_ / "state.json")->commands.services.size(), 1000);
}

TEST_F(ControlPlaneTest, AStateFileThatIsNotUnderstoodStopsTheStart) {
  std::ofstream(directory_ / "state.json") << "{";
  const auto started = try_start();
  ASSERT_FALSE(started.has_value());
  EXPECT_THAT(started.error().message, HasSubstr("state.json: not JSON"));
  EXPECT_FALSE(path_.running);
}

TEST_F(ControlPlaneTest, TimeoutsOfACommandOutliveReloadAndRestart) {
  file_->cluster.director.timeouts = {600s, 60s, 200s};
  start();
  ASSERT_TRUE(set_timeouts({30s, 0s, 60s}));
  const cluster::Timeouts expected{30s, 60s, 60s};
  EXPECT_EQ(path_.applied.director.timeouts, expected);
  ASSERT_TRUE(plane_->reload());
  EXPECT_EQ(path_.applied.director.timeouts, expected);
  start();
  EXPECT_EQ(path_.applied.director.timeouts, expected);
}

TEST_F(ControlPlaneTest, TimeoutsThatAreRefusedAreNotKept) {
  start();
  path_.refuse_apply = Error{"no", EIO};
  ASSERT_FALSE(set_timeouts({30s, 0s, 0s}).has_value());
  start();
  EXPECT_EQ(path_.applied.director.timeouts, cluster::Timeouts{});
}

TEST_F(ControlPlaneTest, ListsServersInTheDirectorsOrderWithLiveCounters) {
  start();
  ASSERT_TRUE(add(service("10.0.0.1:80")));
  ASSERT_TRUE(add(key("10.0.0.1:80"), server("192.168.1.10:80")));
  ASSERT_TRUE(add(key("10.0.0.1:80"), server("192.168.1.20:80")));
  path_.per_server = {.connections = 5, .packets_in = 6, .packets_out = 7, .bytes_in = 8, .bytes_out = 9};
  const auto views = plane_->services(key("10.0.0.1:80"));
  ASSERT_TRUE(views.has_value());
  ASSERT_EQ(views->size(), 1);
  const ServiceView& view = views->front();
  EXPECT_TRUE(view.service.servers.empty());
  ASSERT_EQ(view.servers.size(), 2);
  EXPECT_EQ(view.servers[0].server.endpoint.to_string(), "192.168.1.20:80");
  EXPECT_EQ(view.servers[0].stats, (Stats{5, 6, 7, 8, 9}));
  EXPECT_EQ(view.servers[0].active, 1);
  EXPECT_EQ(view.servers[0].inactive, 2);
  EXPECT_EQ(view.stats.connections, 10);
}

TEST_F(ControlPlaneTest, RefusesToListOrZeroAServiceThatIsNotThere) {
  start();
  EXPECT_EQ(plane_->services(key("10.0.0.1:80")).error().code, ESRCH);
  EXPECT_EQ(zero(key("10.0.0.1:80")).error().code, ESRCH);
}

TEST_F(ControlPlaneTest, ZeroLastsOverARestart) {
  start();
  ASSERT_TRUE(add(service("10.0.0.1:80")));
  ASSERT_TRUE(add(key("10.0.0.1:80"), server("192.168.1.10:80")));
  path_.per_server.connections = 5;
  ASSERT_TRUE(zero(std::nullopt));
  path_.per_server.connections = 7;
  start();
  EXPECT_EQ(plane_->services(std::nullopt)->at(0).stats.connections, 2);
}

TEST_F(ControlPlaneTest, EstimatesRatesEveryTwoSeconds) {
  start();
  ASSERT_TRUE(add(service("10.0.0.1:80")));
  ASSERT_TRUE(add(key("10.0.0.1:80"), server("192.168.1.10:80")));
  plane_->tick(begin_ + 100ms);
  path_.per_server.connections = 10;
  plane_->tick(begin_ + 1900ms);
  EXPECT_EQ(plane_->services(std::nullopt)->at(0).rates.connections, 0);
  plane_->tick(begin_ + 2000ms);
  EXPECT_EQ(plane_->services(std::nullopt)->at(0).rates.connections, 1);
  EXPECT_EQ(plane_->services(std::nullopt)->at(0).servers.at(0).rates.connections, 1);
}

TEST_F(ControlPlaneTest, ARestartShowsNoRateOfWhatWasCountedBefore) {
  start();
  ASSERT_TRUE(add(service("10.0.0.1:80")));
  ASSERT_TRUE(add(key("10.0.0.1:80"), server("192.168.1.10:80")));
  path_.per_server.connections = 1'000'000;
  start();
  plane_->tick(begin_ + 2s);
  EXPECT_EQ(plane_->services(std::nullopt)->at(0).rates.connections, 0);
}

TEST_F(ControlPlaneTest, PagesThroughConnections) {
  for (std::uint16_t port = 1; port <= 5; ++port) {
    director::Connection connection;
    connection.protocol = 6;
    connection.client = {net::Address::ipv4(0x0a090001), port};
    connection.expires_milliseconds = 59'999;
    path_.connections.push_back(connection);
  }
  start();
  const auto first = plane_->connections({}, 0, 3);
  EXPECT_EQ(first.connections.size(), 3);
  EXPECT_EQ(first.connections[0].expires_seconds, 59);
  ASSERT_TRUE(first.cursor.has_value());
  ConnectionFilter only_last;
  only_last.client_port = 5;
  const auto second = plane_->connections(only_last, *first.cursor, 3);
  EXPECT_EQ(second.connections.size(), 1);
  EXPECT_EQ(second.cursor, std::nullopt);
}

TEST_F(ControlPlaneTest, StopTakesThePacketPathDownAndForgets) {
  start();
  ASSERT_TRUE(add(service("10.0.0.1:80")));
  ASSERT_TRUE(plane_->stop());
  EXPECT_TRUE(plane_->stopped());
  EXPECT_FALSE(path_.running);
  const int ticks = path_.ticks;
  plane_->tick(begin_ + 1s);
  plane_->leave();
  EXPECT_EQ(path_.ticks, ticks);
  start();
  EXPECT_TRUE(applied().empty());
}

TEST_F(ControlPlaneTest, StopThatFailsLeavesTheDaemonRunning) {
  start();
  path_.refuse_remove = Error{"busy", EBUSY};
  ASSERT_FALSE(plane_->stop().has_value());
  EXPECT_FALSE(plane_->stopped());
}

TEST_F(ControlPlaneTest, SaysOnceWhatAServiceAsksForInVain) {
  start();
  const auto tunnelled = service("10.0.0.13:80", "wrr");
  cluster::RealServer remote;
  remote.endpoint = {net::Address::ipv4(0x0a000015), 80};
  remote.forward = cluster::ForwardingMethod::tunnel;
  remote.tunnel = {cluster::TunnelType::gue, 6080, cluster::TunnelChecksum::remote};
  testing::internal::CaptureStderr();
  ASSERT_TRUE(add(tunnelled));
  ASSERT_TRUE(add(tunnelled.key, remote));
  ASSERT_TRUE(add(service("10.0.0.14:80")));
  const std::string log = testing::internal::GetCapturedStderr();
  const std::string line =
      "remote checksum offload of tcp 10.0.0.13:80 is kept and listed, but not yet acted on: its packets go out "
      "without an outer checksum";
  EXPECT_THAT(log, HasSubstr(line));
  EXPECT_EQ(log.find(line), log.rfind(line));
}

TEST_F(ControlPlaneTest, LogsAFullTableAtMostOnceASecond) {
  path_.counters = {{"table_full_dropped", "new connections dropped", 1}};
  start();
  plane_->tick(begin_);
  testing::internal::CaptureStderr();
  for (int i = 1; i <= 10; ++i) {
    path_.counters[0].value += 10;
    plane_->tick(begin_ + i * 100ms);
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(log, '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr("table_full_dropped: 100 more, 101 in all (new connections dropped)"));
}

/// A service of the file with two servers that are checked.
cluster::VirtualService checked_service() {
  auto made = service("10.0.0.1:80");
  made.servers = {server("10.0.1.1:80"), server("10.0.1.2:80")};
  for (auto& one : made.servers) {
    one.health.checks.emplace_back().warmup = 0ms;
    one.health.checks.back().fall = 1;
  }
  return made;
}

class HealthTest : public ControlPlaneTest {
 protected:
  HealthTest() { file_->cluster.services = {checked_service()}; }

  std::vector<std::string> servers() const {
    std::vector<std::string> listed;
    for (const auto& one : path_.applied.services.at(0).servers) listed.push_back(one.endpoint.to_string());
    return listed;
  }
  /// Runs all checks; those of `down` fail.
  void run_checks(const std::set<std::string>& down = {}) {
    time_ += 10s;
    const health::Now now{begin_ + time_, {}};
    while (const auto due = plane_->monitor().take_due(now)) {
      const bool up = !down.contains(due->target.server.to_string());
      plane_->monitor().observe(due->id, {up, up ? "connected" : "connection refused", {}, {}}, now);
    }
    plane_->follow_health(begin_ + time_);
  }

  ControlPlane::Clock::duration time_{};
};

TEST_F(HealthTest, NewServersGetNoTrafficBeforeTheirFirstSuccess) {
  start();
  EXPECT_THAT(servers(), ElementsAre());
  run_checks({"10.0.1.2:80"});
  EXPECT_THAT(servers(), ElementsAre("10.0.1.1:80"));
  EXPECT_EQ(plane_->current().services.at(0).servers.size(), 2) << "what is desired is as it was";
}

TEST_F(HealthTest, ServersThatRunCountAsUpAfterARestart) {
  start();
  run_checks({"10.0.1.2:80"});
  start();
  EXPECT_THAT(servers(), ElementsAre("10.0.1.1:80"));
  run_checks();
  EXPECT_THAT(servers(), ElementsAre("10.0.1.1:80", "10.0.1.2:80"));
}

TEST_F(HealthTest, ChangesThatComeTogetherAreAppliedTogether) {
  start();
  run_checks();
  const int before = path_.applies;
  run_checks({"10.0.1.1:80", "10.0.1.2:80"});
  EXPECT_EQ(path_.applies, before + 1);
  run_checks({"10.0.1.1:80", "10.0.1.2:80"});
  EXPECT_EQ(path_.applies, before + 1) << "nothing new";
}

TEST_F(HealthTest, AReloadKeepsWhatIsKnown) {
  start();
  run_checks({"10.0.1.2:80"});
  file_->cluster.services.push_back(service("10.0.0.9:80"));
  ASSERT_TRUE(plane_->reload());
  EXPECT_THAT(servers(), ElementsAre("10.0.1.1:80"));
}

TEST_F(HealthTest, CommandsEditWhatIsDesired) {
  start();
  run_checks({"10.0.1.2:80"});
  auto edited = server("10.0.1.2:80");
  edited.weight = 7;
  ASSERT_TRUE(
      plane_->change([&](Draft& draft) { return cluster::edit_server(draft.cluster, key("10.0.0.1:80"), edited); }));
  EXPECT_THAT(servers(), ElementsAre("10.0.1.1:80"));
  run_checks();
  EXPECT_EQ(path_.applied.services.at(0).servers.at(1).weight, 7);
}

TEST_F(HealthTest, AChangeThatTheDirectorRefusesLeavesTheChecksAlone) {
  start();
  run_checks();
  path_.refuse_apply = Error{"no", EIO};
  ASSERT_FALSE(plane_->change([](Draft& draft) { return cluster::delete_service(draft.cluster, key("10.0.0.1:80")); }));
  EXPECT_THAT(servers(), ElementsAre("10.0.1.1:80", "10.0.1.2:80"));
  EXPECT_EQ(plane_->status().checks, 2);
  EXPECT_EQ(plane_->status().servers_down, 0);
}

TEST_F(HealthTest, HealthThatTheDirectorRefusesIsTriedAgain) {
  start();
  path_.refuse_apply = Error{"no", ENOSPC};
  run_checks();
  EXPECT_THAT(servers(), ElementsAre());
  plane_->tick(begin_ + time_ + 1s);
  EXPECT_THAT(servers(), ElementsAre());
  plane_->tick(begin_ + time_ + 5s);
  EXPECT_THAT(servers(), ElementsAre("10.0.1.1:80", "10.0.1.2:80"));
}

TEST_F(HealthTest, IsShown) {
  start();
  run_checks({"10.0.1.2:80"});
  const auto view = plane_->health();
  ASSERT_EQ(view.checks.size(), 2);
  EXPECT_EQ(view.checks[1].check, "tcp 10.0.1.2:80");
  EXPECT_EQ(view.checks[1].state, "down");
  EXPECT_EQ(view.checks[1].last_reason, "connection refused");
  ASSERT_EQ(view.services.size(), 1);
  EXPECT_TRUE(view.services[0].up);
  EXPECT_FALSE(view.services[0].servers.at(1).up);
  EXPECT_EQ(view.services[0].servers.at(1).reason, "tcp 10.0.1.2:80: connection refused");
  EXPECT_EQ(plane_->status().servers_down, 1);
}

}  // namespace
}  // namespace ballast::control
