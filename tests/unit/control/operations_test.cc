#include "control/operations.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "control/json.h"
#include "tests/unit/control/fake_director.h"
#include "tests/unit/control/temporary_directory.h"

namespace ballast::control {
namespace {

class OperationsTest : public testing::Test {
 protected:
  OperationsTest() {
    auto started = ControlPlane::start(
        {.instance = "test",
         .configuration = "",
         .state_file = directory_ / "state.json",
         .read_configuration = {},
         .open_director = [this](const cluster::DirectorSettings&) -> Result<std::unique_ptr<director::Director>> {
           return std::make_unique<FakeDirector>(path_);
         }},
        {});
    plane_ = std::move(started.value());
  }

  boost::json::value ask(std::string_view request) { return boost::json::parse(answer(*plane_, request)); }
  boost::json::value result_of(std::string_view request) { return ask(request).at("result"); }
  int refusal_of(std::string_view request) {
    const auto asked = ask(request);
    return asked.as_object().contains("error") ? static_cast<int>(asked.at("error").at("code").as_int64()) : 0;
  }

  TemporaryDirectory directory_;
  FakePath path_;
  std::unique_ptr<ControlPlane> plane_;
};

TEST_F(OperationsTest, GiveReportsToTheSchedulers) {
  EXPECT_EQ(refusal_of(R"({"op": "report", "address": "192.168.1.10", "load": 40})"), ENOENT);
  result_of(R"({"op": "add_service", "service": {"key": {"protocol": "tcp", "endpoint": "10.0.0.1:80"}}})");
  result_of(R"({"op": "add_server", "key": {"protocol": "tcp", "endpoint": "10.0.0.1:80"},
                "server": {"endpoint": "192.168.1.10:80", "forward": "nat"}})");
  path_.reports.clear();
  EXPECT_EQ(result_of(R"({"op": "report", "address": "192.168.1.10", "load": 40})").at("servers"), 1);
  result_of(R"({"op": "report", "address": "192.168.1.10", "port": 80, "response_microseconds": 350})");
  const auto address = net::Address::parse("192.168.1.10").value();
  EXPECT_EQ(path_.reports, (std::vector<director::ServerReport>{
                               {.address = address, .port = {}, .load = 40, .response_microseconds = {}},
                               {.address = address, .port = 80, .load = {}, .response_microseconds = 350}}));
  EXPECT_EQ(refusal_of(R"({"op": "report", "address": "192.168.1.10", "load": 101})"), EINVAL);
  EXPECT_EQ(refusal_of(R"({"op": "report", "address": "192.168.1.10"})"), EINVAL);
}

TEST_F(OperationsTest, BuildServicesAndServersStepByStep) {
  EXPECT_TRUE(result_of(R"({"op": "add_service", "service": {"key": {"protocol": "tcp", "endpoint": "10.0.0.1:80"},
                            "scheduler": "rr", "origin": "file"}})")
                  .is_null());
  EXPECT_TRUE(result_of(R"({"op": "add_server", "key": {"protocol": "tcp", "endpoint": "10.0.0.1:80"},
                            "server": {"endpoint": "192.168.1.10:80", "forward": "nat"}})")
                  .is_null());
  EXPECT_TRUE(result_of(R"({"op": "edit_service", "service": {"key": {"protocol": "tcp", "endpoint": "10.0.0.1:80"},
                            "scheduler": "sed"}})")
                  .is_null());
  EXPECT_TRUE(result_of(R"({"op": "edit_server", "key": {"protocol": "tcp", "endpoint": "10.0.0.1:80"},
                            "server": {"endpoint": "192.168.1.10:80", "forward": "nat", "weight": 9}})")
                  .is_null());
  ASSERT_EQ(path_.applied.services.size(), 1);
  EXPECT_EQ(path_.applied.services[0].scheduler, "sed");
  EXPECT_EQ(path_.applied.services[0].origin, cluster::Origin::command);
  EXPECT_EQ(path_.applied.services[0].servers.at(0).weight, 9);

  const auto views = from_json<std::vector<ServiceView>>(result_of(R"({"op": "services"})"));
  ASSERT_TRUE(views.has_value()) << views.error().message;
  EXPECT_EQ(views->at(0).servers.at(0).server.weight, 9);

  EXPECT_TRUE(result_of(R"({"op": "delete_server", "key": {"protocol": "tcp", "endpoint": "10.0.0.1:80"},
                            "endpoint": "192.168.1.10:80"})")
                  .is_null());
  EXPECT_TRUE(path_.applied.services.at(0).servers.empty());
  EXPECT_TRUE(
      result_of(R"({"op": "delete_service", "key": {"protocol": "tcp", "endpoint": "10.0.0.1:80"}})").is_null());
  EXPECT_TRUE(path_.applied.services.empty());
}

TEST_F(OperationsTest, RefusalsCarryTheErrnoOfIpVs) {
  constexpr std::string_view add = R"({"op": "add_service", "service": {"key": {"mark": 1}}})";
  EXPECT_EQ(refusal_of(add), 0);
  EXPECT_EQ(refusal_of(add), EEXIST);
  EXPECT_EQ(refusal_of(R"({"op": "delete_service", "key": {"mark": 2}})"), ESRCH);
  EXPECT_EQ(refusal_of(R"({"op": "delete_server", "key": {"mark": 1}, "endpoint": "10.0.0.1:0"})"), ENOENT);
  EXPECT_EQ(refusal_of(R"({"op": "add_service", "service": {"key": {"mark": 2}, "scheduler": "nonesuch"}})"), ENOENT);
  EXPECT_EQ(refusal_of(R"({"op": "services", "key": {"mark": 2}})"), ESRCH);
  EXPECT_EQ(refusal_of(R"({"op": "zero", "key": {"mark": 2}})"), ESRCH);
}

TEST_F(OperationsTest, ClearDeletesEverything) {
  result_of(R"({"op": "add_service", "service": {"key": {"mark": 1}}})");
  EXPECT_TRUE(result_of(R"({"op": "clear"})").is_null());
  EXPECT_TRUE(path_.applied.services.empty());
}

TEST_F(OperationsTest, TimeoutsAreReadAndSet) {
  result_of(R"({"op": "set_timeouts", "timeouts": {"tcp": 30, "tcp_fin": 5, "udp": 0}})");
  EXPECT_EQ(result_of(R"({"op": "timeouts"})"), boost::json::parse(R"({"tcp": 30, "tcp_fin": 5, "udp": 300})"));
}

constexpr std::string_view two_servers = R"(
    {"op": "add_service", "service": {"key": {"mark": 1}, "scheduler": "rr"}},
    {"op": "add_server", "key": {"mark": 1}, "server": {"endpoint": "10.0.1.1:80"}},
    {"op": "add_server", "key": {"mark": 1}, "server": {"endpoint": "10.0.1.2:80"}})";

TEST_F(OperationsTest, ATransactionIsOneStep) {
  const std::string operations = fmt::format(R"([{{"op": "clear"}}, {}])", two_servers);
  const auto refusals = result_of(fmt::format(R"({{"op": "transaction", "operations": {}}})", operations));
  EXPECT_EQ(refusals, boost::json::parse("[null, null, null, null]"));
  ASSERT_EQ(path_.applied.services.size(), 1);
  EXPECT_EQ(path_.applied.services[0].servers.size(), 2);
  const int applies = path_.applies;
  result_of(fmt::format(R"({{"op": "transaction", "operations": {}}})", operations));
  EXPECT_EQ(path_.applies, applies) << "the same table again";
}

TEST_F(OperationsTest, ATransactionLeavesOutWhatIsRefused) {
  const auto refusals = result_of(R"({"op": "transaction", "operations": [
      {"op": "add_service", "service": {"key": {"mark": 1}}}, {"op": "add_service", "service": {"key": {"mark": 1}}},
      {"op": "zero", "key": {"mark": 2}}, {"op": "stop"}, {"op": "add_service"}, 7,
      {"op": "set_timeouts", "timeouts": {"tcp": 30, "tcp_fin": 0, "udp": 0}}]})");
  std::vector<std::int64_t> codes;
  for (const auto& refusal : refusals.as_array())
    codes.push_back(refusal.is_null() ? 0 : refusal.at("code").as_int64());
  EXPECT_EQ(codes, (std::vector<std::int64_t>{0, EEXIST, ESRCH, EOPNOTSUPP, EINVAL, EINVAL, 0}));
  EXPECT_EQ(path_.applied.services.size(), 1);
  EXPECT_EQ(path_.applied.director.timeouts.tcp, std::chrono::seconds(30));
  EXPECT_FALSE(plane_->stopped());
}

TEST_F(OperationsTest, ATransactionThatTheDirectorRefusesChangesNothing) {
  path_.refuse_apply = Error{"no room", ENOSPC};
  EXPECT_EQ(refusal_of(fmt::format(R"({{"op": "transaction", "operations": [{}]}})", two_servers)), ENOSPC);
  EXPECT_TRUE(plane_->current().services.empty());
}

TEST_F(OperationsTest, ApplyMakesItsServicesThoseOfCommands) {
  result_of(fmt::format(R"({{"op": "transaction", "operations": [{}]}})", two_servers));
  constexpr std::string_view services = R"("services": [{"key": {"mark": 1}, "scheduler": "rr",
      "servers": [{"endpoint": "10.0.1.2:80", "weight": 3}]}, {"key": {"mark": 2}}])";
  const auto expected = boost::json::parse(R"({"changed": "1 service added, 1 changed", "notes": [], "lines": [
      "~ fwmark 1", "  - 10.0.1.1:80", "  ~ 10.0.1.2:80  weight 1 -> 3", "+ fwmark 2  scheduler wlc"]})");
  const auto before = plane_->current();
  EXPECT_EQ(result_of(fmt::format(R"({{"op": "apply", {}, "dry_run": true}})", services)), expected);
  EXPECT_EQ(plane_->current(), before);
  EXPECT_EQ(result_of(fmt::format(R"({{"op": "apply", {}}})", services)), expected);
  EXPECT_EQ(plane_->current().services.size(), 2);
  EXPECT_EQ(result_of(R"({"op": "apply", "services": []})").at("changed"), "2 services removed");
}

TEST_F(OperationsTest, ApplyWithAServiceThatIsRefusedChangesNothing) {
  result_of(R"({"op": "add_service", "service": {"key": {"mark": 1}}})");
  EXPECT_EQ(refusal_of(R"({"op": "apply", "services": [{"key": {"mark": 2}},
                           {"key": {"mark": 3}, "servers": [{"endpoint": "224.0.0.1:80"}]}]})"),
            EINVAL);
  EXPECT_EQ(refusal_of(R"({"op": "apply", "services": [{"key": {"mark": 2}}, {"key": {"mark": 2}}]})"), EEXIST);
  EXPECT_EQ(refusal_of(R"({"op": "apply"})"), EINVAL);
  ASSERT_EQ(plane_->current().services.size(), 1);
  EXPECT_EQ(plane_->current().services[0].key, cluster::ServiceKey(cluster::MarkKey{.mark = 1}));
}

TEST_F(OperationsTest, ConnectionsCanBeFilteredAndPaged) {
  for (std::uint16_t port = 1; port <= 3; ++port) {
    auto& connection = path_.connections.emplace_back();
    connection.protocol = 6;
    connection.client = {net::Address::ipv4(0x0a090001), port};
  }
  auto page = result_of(R"({"op": "connections", "filter": {"client_port": 3}, "limit": 2})");
  EXPECT_TRUE(page.at("connections").as_array().empty());
  EXPECT_EQ(page.at("cursor"), 2);
  page = result_of(R"({"op": "connections", "filter": {"client_port": 3}, "cursor": 2})");
  EXPECT_EQ(page.at("connections").as_array().size(), 1);
  EXPECT_TRUE(page.at("cursor").is_null());
}

TEST_F(OperationsTest, StatusAndCountersAreOfTheDirector) {
  path_.counters = {{"no_service", "packets of no service", 3}};
  EXPECT_EQ(result_of(R"({"op": "status"})").at("connections_max"), 1000);
  EXPECT_EQ(result_of(R"({"op": "status"})").at("interfaces").at(0).at("hook"), "tc");
  EXPECT_EQ(result_of(R"({"op": "counters"})").at(0).at("value"), 3);
}

TEST_F(OperationsTest, StopEndsTheControlPlane) {
  EXPECT_TRUE(result_of(R"({"op": "stop"})").is_null());
  EXPECT_TRUE(plane_->stopped());
}

TEST_F(OperationsTest, WhatIsNotARequestIsRefused) {
  for (const std::string_view line : {"", "{", "[]", "7", "{}", R"({"op": 7})", R"({"op": "status"} x)"}) {
    EXPECT_EQ(refusal_of(line), EINVAL) << line;
  }
  EXPECT_EQ(refusal_of(R"({"op": "conquer"})"), EOPNOTSUPP);
}

TEST_F(OperationsTest, ArgumentsOfTheWrongShapeAreRefused) {
  for (const std::string_view line :
       {R"({"op": "add_service"})", R"({"op": "add_service", "service": 7})", R"({"op": "services", "key": 7})",
        R"({"op": "add_server", "key": {"mark": 1}})", R"({"op": "delete_server", "key": {"mark": 1}, "endpoint": 1})",
        R"({"op": "set_timeouts"})", R"({"op": "connections", "cursor": -1})", R"({"op": "connections", "limit": "x"})",
        R"({"op": "connections", "filter": []})"}) {
    EXPECT_EQ(refusal_of(line), EINVAL) << line;
  }
}

TEST_F(OperationsTest, DeeplyNestedRequestsAreRefused) { EXPECT_EQ(refusal_of(std::string(100'000, '[')), EINVAL); }

}  // namespace
}  // namespace ballast::control
