#include "health/monitor.h"

#include <gmock/gmock.h>

#include "tests/unit/health/values.h"

namespace ballast::health {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ServerPlace rs1{key("10.0.0.1:80"), endpoint("10.0.1.1:80")};
const ServerPlace rs2{key("10.0.0.1:80"), endpoint("10.0.1.2:80")};

class MonitorTest : public testing::Test {
 protected:
  MonitorTest() { cluster_.services = {service("10.0.0.1:80", {server("10.0.1.1:80"), server("10.0.1.2:80")})}; }

  void apply(const std::set<ServerPlace>& running = {}) { monitor_.apply(cluster_, running, at(time_)); }

  std::vector<DueCheck> due() {
    std::vector<DueCheck> all;
    while (auto one = monitor_.take_due(at(time_))) all.push_back(*one);
    return all;
  }
  /// Lets all due checks of an address come to a result, and all others succeed.
  void run_checks(std::string_view address = "", const CheckResult& result = failure()) {
    time_ += 20;
    for (const auto& one : due()) {
      const bool meant = one.target.server.address.to_string() == address;
      monitor_.observe(one.id, meant ? result : success(), at(time_));
    }
  }
  bool is_up(const ServerPlace& place) { return monitor_.health().at(place.first).servers.at(place.second).up; }
  const std::string& reason(const ServerPlace& place) {
    return monitor_.health().at(place.first).servers.at(place.second).reason;
  }
  cluster::RealServer& first() { return cluster_.services[0].servers[0]; }

  cluster::Cluster cluster_;
  Monitor monitor_{1};
  double time_ = 0;
};

TEST_F(MonitorTest, NewServersAreNotUpBeforeTheirFirstSuccess) {
  apply();
  EXPECT_FALSE(is_up(rs1));
  EXPECT_EQ(reason(rs1), "tcp 10.0.1.1:80: not checked yet");
  run_checks("10.0.1.2");
  EXPECT_TRUE(is_up(rs1));
  EXPECT_EQ(reason(rs1), "tcp 10.0.1.1:80: connected");
  EXPECT_FALSE(is_up(rs2));
}

TEST_F(MonitorTest, AServerThatFailsIsDownAfterFallFailures) {
  apply();
  run_checks();
  EXPECT_TRUE(is_up(rs1));
  run_checks("10.0.1.1");
  run_checks("10.0.1.1");
  EXPECT_FALSE(monitor_.has_news());
  EXPECT_TRUE(is_up(rs1));
  run_checks("10.0.1.1");
  EXPECT_TRUE(monitor_.has_news());
  EXPECT_FALSE(is_up(rs1));
  EXPECT_TRUE(is_up(rs2));
  EXPECT_EQ(reason(rs1), "tcp 10.0.1.1:80: connection refused");
  EXPECT_FALSE(monitor_.has_news());
}

TEST_F(MonitorTest, ACheckUnderWayIsNotDue) {
  apply();
  EXPECT_EQ(due().size(), 2U);
  time_ = 100;
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(MonitorTest, ACheckIsDueAnIntervalAfterItsBeginning) {
  cluster_.services[0].servers.pop_back();
  apply();
  const auto one = due();
  monitor_.observe(one.at(0).id, success(), at(3));
  EXPECT_GE(monitor_.next_due(), at(9.5).steady);
  EXPECT_LE(monitor_.next_due(), at(10.5).steady);
}

TEST_F(MonitorTest, ACheckThatTakesLongerThanItsIntervalIsDueAtOnce) {
  cluster_.services[0].servers.pop_back();
  apply();
  monitor_.observe(due().at(0).id, failure(), at(30));
  EXPECT_EQ(monitor_.next_due(), at(30).steady);
}

TEST_F(MonitorTest, ServersThatRunStayUpUntilTheyFail) {
  apply({rs1});
  EXPECT_TRUE(is_up(rs1));
  EXPECT_FALSE(is_up(rs2));
  run_checks("10.0.1.1");
  EXPECT_TRUE(is_up(rs1));
  run_checks("10.0.1.1");
  run_checks("10.0.1.1");
  EXPECT_FALSE(is_up(rs1));
}

TEST_F(MonitorTest, TheSameCheckForSeveralServicesRunsOnce) {
  cluster_.services.push_back(service("10.0.0.1:81", {server("10.0.1.1:80")}));
  apply();
  EXPECT_EQ(monitor_.size(), 2U);
  EXPECT_EQ(due().size(), 2U);
  const auto reports = monitor_.reports();
  EXPECT_THAT(reports.at(0).servers, ElementsAre(rs1, ServerPlace{key("10.0.0.1:81"), endpoint("10.0.1.1:80")}));
}

TEST_F(MonitorTest, ServersOfServicesWithOtherPortsHaveChecksOfTheirOwn) {
  first().endpoint.port = 0;
  cluster_.services.push_back(service("10.0.0.1:81", {server("10.0.1.1:0")}));
  apply();
  EXPECT_EQ(monitor_.size(), 3U);
}

TEST_F(MonitorTest, ChecksThroughTheServiceAreItsOwn) {
  first().health.checks[0].through_service = true;
  cluster_.services.push_back(cluster_.services[0]);
  cluster_.services[1].key = key("10.0.0.2:80");
  apply();
  EXPECT_EQ(monitor_.size(), 3U);
}

TEST_F(MonitorTest, AReloadKeepsWhatUnchangedChecksKnow) {
  apply();
  run_checks("10.0.1.2");
  const auto since = monitor_.reports().at(0).state->since();
  cluster_.services.push_back(service("10.0.0.9:80", {server("10.0.1.9:80")}));
  apply();
  EXPECT_TRUE(is_up(rs1));
  EXPECT_EQ(monitor_.reports().at(0).state->since(), since);
  EXPECT_EQ(monitor_.reports().at(1).state->standing(), Standing::down);
}

TEST_F(MonitorTest, AChangedCheckLeavesItsServerAsItIsUntilItsResult) {
  apply();
  run_checks("10.0.1.2");
  for (auto& one : cluster_.services[0].servers) one.health.checks[0].interval = 1s;
  apply();
  EXPECT_TRUE(is_up(rs1));
  EXPECT_FALSE(is_up(rs2));
  EXPECT_EQ(monitor_.size(), 2U);
}

TEST_F(MonitorTest, AFirstCheckOfAServerThatHadNoneLeavesItUp) {
  const auto checks = first().health.checks;
  for (auto& one : cluster_.services[0].servers) one.health.checks.clear();
  apply();
  first().health.checks = checks;
  cluster_.services[0].servers.push_back(server("10.0.1.3:80"));
  apply();
  EXPECT_TRUE(is_up(rs1));
  EXPECT_FALSE(is_up({rs1.first, endpoint("10.0.1.3:80")}));
}

TEST_F(MonitorTest, AResultOfACheckThatIsGoneIsNoHarm) {
  apply();
  const auto one = due();
  cluster_.services.clear();
  apply();
  monitor_.observe(one.at(0).id, success(), at(1));
  EXPECT_EQ(monitor_.size(), 0U);
  EXPECT_EQ(monitor_.next_due(), std::nullopt);
  EXPECT_THAT(monitor_.health(), IsEmpty());
}

TEST_F(MonitorTest, AllChecksOfAServerMustSucceed) {
  first().health.checks.push_back(check(cluster::CheckType::icmp));
  apply();
  for (const auto& one : due()) {
    monitor_.observe(one.id, one.target.check.type == cluster::CheckType::icmp ? failure("no answer") : success(),
                     at(1));
  }
  EXPECT_FALSE(is_up(rs1));
  EXPECT_EQ(reason(rs1), "icmp 10.0.1.1: no answer");
}

TEST_F(MonitorTest, AServiceIsUpByItsQuorum) {
  cluster_.services[0].quorum.least = 2;
  apply();
  EXPECT_FALSE(monitor_.health().at(rs1.first).up);
  run_checks();
  EXPECT_TRUE(monitor_.health().at(rs1.first).up);
  for (int i = 0; i < 3; ++i) run_checks("10.0.1.1");
  EXPECT_FALSE(monitor_.health().at(rs1.first).up);
}

TEST_F(MonitorTest, MaintenanceTakesAServerDownAndGivesItBack) {
  cluster_.services[0].maintenance_directory = "/etc/maintenance";
  apply();
  run_checks();
  EXPECT_THAT(monitor_.maintenance_directories(), ElementsAre("/etc/maintenance"));
  EXPECT_TRUE(monitor_.set_maintenance("/etc/maintenance", {{rs1.second.address, {}}}));
  EXPECT_FALSE(monitor_.set_maintenance("/etc/maintenance", {{rs1.second.address, {}}}));
  EXPECT_TRUE(monitor_.has_news());
  EXPECT_FALSE(is_up(rs1));
  EXPECT_THAT(reason(rs1), HasSubstr("in maintenance"));
  EXPECT_TRUE(is_up(rs2));
  run_checks();
  EXPECT_FALSE(is_up(rs1));
  monitor_.set_maintenance("/etc/maintenance", {});
  EXPECT_TRUE(is_up(rs1));
}

TEST_F(MonitorTest, ADisabledServerIsDown) {
  first().health = {};
  first().health.disabled = true;
  apply({rs1});
  EXPECT_FALSE(is_up(rs1));
  EXPECT_EQ(reason(rs1), "disabled");
}

TEST_F(MonitorTest, ServicesWithoutChecksAreNoneOfItsBusiness) {
  for (auto& one : cluster_.services[0].servers) one.health = {};
  apply();
  EXPECT_THAT(monitor_.health(), IsEmpty());
}

TEST_F(MonitorTest, FastRecoveryAsksOneRequestOfAServerThatIsDown) {
  auto& one = first().health.checks[0];
  one.type = cluster::CheckType::http;
  one.requests.resize(3);
  one.fast_recovery = true;
  cluster_.services[0].servers.pop_back();
  apply();
  const auto before = due();
  EXPECT_EQ(before.at(0).target.check.requests.size(), 3U);
  monitor_.observe(before.at(0).id, failure(), at(0));
  time_ = 20;
  EXPECT_EQ(due().at(0).target.check.requests.size(), 1U);
}

TEST_F(MonitorTest, ThousandsOfChecksDoNotBeginAtOnce) {
  cluster_.services[0].servers.clear();
  auto spread = check();
  spread.warmup.reset();
  for (int i = 0; i < 5000; ++i) {
    cluster_.services[0].servers.push_back(server("10.1.0.0:80", spread));
    cluster_.services[0].servers.back().endpoint.port = static_cast<std::uint16_t>(i + 1);
  }
  apply();
  time_ = 1;
  const auto in_a_second = due().size();
  EXPECT_GT(in_a_second, 800U);
  EXPECT_LT(in_a_second, 1200U);
  time_ = 5;
  EXPECT_EQ(in_a_second + due().size(), 5000U);
}

}  // namespace
}  // namespace ballast::health
