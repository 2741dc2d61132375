#include "cluster/effective.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ballast::cluster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

net::Endpoint endpoint(std::string_view text) { return net::Endpoint::parse(text).value(); }

RealServer server(std::string_view where, std::uint32_t weight = 1) {
  RealServer made;
  made.endpoint = endpoint(where);
  made.weight = weight;
  made.health.checks.emplace_back();
  return made;
}

constexpr std::string_view first = "10.0.1.1:80";
constexpr std::string_view second = "10.0.1.2:80";

VirtualService service() {
  VirtualService made;
  made.key = AddressKey{Protocol::tcp, endpoint("10.0.0.1:80")};
  made.servers = {server(first, 2), server(second, 3)};
  return made;
}

VirtualService service_with_fallback(std::string_view fallback = "127.0.0.1:8080") {
  VirtualService made = service();
  made.fallback.emplace().endpoint = endpoint(fallback);
  return made;
}

ServiceVerdict verdict(bool first_up, bool second_up) {
  ServiceVerdict made;
  made.servers[endpoint(first)].up = first_up;
  made.servers[endpoint(second)].up = second_up;
  made.up = first_up || second_up;
  return made;
}

std::vector<std::string> listed(const VirtualService& service) {
  std::vector<std::string> lines;
  for (const auto& one : service.servers) lines.push_back(fmt::format("{} {}", one.endpoint.to_string(), one.weight));
  return lines;
}

TEST(Effective, ServersThatAreUpAreThereWithTheirWeights) {
  EXPECT_THAT(listed(effective(service(), verdict(true, true))), ElementsAre("10.0.1.1:80 2", "10.0.1.2:80 3"));
}

TEST(Effective, AServerThatIsDownIsRemoved) {
  EXPECT_THAT(listed(effective(service(), verdict(false, true))), ElementsAre("10.0.1.2:80 3"));
}

TEST(Effective, AQuiescentServerThatIsDownHasWeight0) {
  auto desired = service();
  desired.servers[0].health.on_failure = OnFailure::quiescent;
  EXPECT_THAT(listed(effective(desired, verdict(false, true))), ElementsAre("10.0.1.1:80 0", "10.0.1.2:80 3"));
}

TEST(Effective, AServerWithChecksThatNobodyKnowsOfGetsNoTraffic) {
  auto desired = service();
  desired.servers[1].health.checks[0].initially_up = true;
  desired.servers.push_back(server("10.0.1.3:80"));
  desired.servers.back().health.checks.clear();
  EXPECT_THAT(listed(effective(desired, ServiceVerdict{})), ElementsAre("10.0.1.2:80 3", "10.0.1.3:80 1"));
}

TEST(Effective, ADisabledServerIsNeverThere) {
  auto desired = service();
  desired.servers[0].health.disabled = true;
  desired.servers[0].health.checks.clear();
  desired.servers[0].health.on_failure = OnFailure::quiescent;
  EXPECT_THAT(listed(effective(desired, ServiceVerdict{})), IsEmpty());
}

TEST(Effective, TheFallbackStandsThereWhileNoServerIsUp) {
  EXPECT_THAT(listed(effective(service_with_fallback(), verdict(false, false))), ElementsAre("127.0.0.1:8080 1"));
  EXPECT_THAT(listed(effective(service_with_fallback(), verdict(true, false))), ElementsAre("10.0.1.1:80 2"));
}

TEST(Effective, AFallbackWithoutPortHasTheServices) {
  EXPECT_THAT(listed(effective(service_with_fallback("127.0.0.1:0"), verdict(false, false))),
              ElementsAre("127.0.0.1:80 1"));
}

TEST(Effective, AFallbackThatIsInhibitedIsThereWithWeight0) {
  auto desired = service_with_fallback();
  desired.fallback->health.on_failure = OnFailure::quiescent;
  EXPECT_THAT(listed(effective(desired, verdict(true, false))), ElementsAre("10.0.1.1:80 2", "127.0.0.1:8080 0"));
  EXPECT_THAT(listed(effective(desired, verdict(false, false))), ElementsAre("127.0.0.1:8080 1"));
}

TEST(Effective, AFallbackThatIsOneOfTheServersIsThereOnce) {
  auto desired = service_with_fallback(first);
  desired.servers[0].health.on_failure = OnFailure::quiescent;
  EXPECT_THAT(listed(effective(desired, verdict(false, false))), ElementsAre("10.0.1.1:80 1"));
  EXPECT_THAT(listed(effective(desired, verdict(true, true))), ElementsAre("10.0.1.1:80 2", "10.0.1.2:80 3"));
}

TEST(Effective, TooFewServersGiveWayToTheFallback) {
  auto desired = service_with_fallback();
  desired.quorum.least = 4;
  auto known = verdict(false, true);
  known.up = false;
  EXPECT_THAT(listed(effective(desired, known)), ElementsAre("127.0.0.1:8080 1"));
  desired.servers[1].health.on_failure = OnFailure::quiescent;
  EXPECT_THAT(listed(effective(desired, known)), ElementsAre("10.0.1.2:80 0", "127.0.0.1:8080 1"));
}

TEST(Effective, TooFewServersStayWhereThereIsNoFallback) {
  auto known = verdict(false, true);
  known.up = false;
  EXPECT_THAT(listed(effective(service(), known)), ElementsAre("10.0.1.2:80 3"));
}

TEST(Effective, AServerWithWeight0KeepsItsConnectionsBesideTheFallback) {
  auto desired = service_with_fallback();
  for (auto& one : desired.servers) one.weight = 0;
  auto known = verdict(true, false);
  known.up = false;
  EXPECT_THAT(listed(effective(desired, known)), ElementsAre("10.0.1.1:80 0", "127.0.0.1:8080 1"));
}

TEST(Effective, AWeightFromAResultReplacesOrAddsToTheConfiguredOne) {
  auto known = verdict(true, true);
  known.servers[endpoint(first)].weight = 7;
  known.servers[endpoint(second)].weight_difference = -1;
  EXPECT_THAT(listed(effective(service(), known)), ElementsAre("10.0.1.1:80 7", "10.0.1.2:80 2"));
  known.servers[endpoint(second)].weight_difference = -5;
  EXPECT_THAT(listed(effective(service(), known)), ElementsAre("10.0.1.1:80 7", "10.0.1.2:80 0"));
}

TEST(Effective, OtherSettingsAndServicesAreAsDesired) {
  Cluster desired;
  desired.services = {service_with_fallback(), service()};
  desired.services[1].key = MarkKey{.mark = 7};
  for (auto& one : desired.services[1].servers) one.health = {};
  Health health;
  health[desired.services[0].key] = verdict(true, true);
  EXPECT_EQ(effective(desired, health), desired);
}

TEST(Quorum, CountsTheWeightsOfHealthyServers) {
  auto desired = service();
  desired.quorum.least = 3;
  EXPECT_EQ(healthy_weight(desired, verdict(true, true)), 5U);
  EXPECT_TRUE(quorum_met(desired, verdict(false, true), true));
  EXPECT_FALSE(quorum_met(desired, verdict(true, false), true));
}

TEST(Quorum, HysteresisKeepsAServiceAsItIs) {
  auto desired = service();
  desired.quorum = {.least = 3, .hysteresis = 1, .up_command = {}, .down_command = {}};
  EXPECT_TRUE(quorum_met(desired, verdict(true, false), true)) << "2 is not below 3 - 1";
  EXPECT_FALSE(quorum_met(desired, verdict(false, true), false)) << "3 is below 3 + 1";
  EXPECT_TRUE(quorum_met(desired, verdict(true, true), false));
  EXPECT_TRUE(quorum_met(desired, verdict(false, true), std::nullopt)) << "a new service has none";
}

TEST(Quorum, AServiceWithoutAHealthyServerIsDown) {
  auto desired = service();
  desired.quorum.hysteresis = 5;
  EXPECT_FALSE(quorum_met(desired, verdict(false, false), true));
}

}  // namespace
}  // namespace ballast::cluster
