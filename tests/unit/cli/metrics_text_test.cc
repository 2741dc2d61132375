// A reader of the exposition format, and what it makes of the metrics.
#include "cli/metrics_text.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace ballast::cli {
namespace {

/// "name{labels}" -> value. Fails where a line breaks a rule of the format.
class Exposition {
 public:
  explicit Exposition(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) read(line);
    EXPECT_TRUE(text.empty() || text.ends_with('\n'));
  }
  [[nodiscard]] std::string at(const std::string& sample) const {
    const auto found = samples_.find(sample);
    return found == samples_.end() ? "none" : found->second;
  }
  [[nodiscard]] const std::map<std::string, std::string>& samples() const { return samples_; }

 private:
  void read(const std::string& line) {
    static const std::regex help("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) \\S.*");
    static const std::regex type("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)");
    static const std::regex sample(
        "([a-zA-Z_:][a-zA-Z0-9_:]*)"
        "(\\{[a-z_]+=\"([^\"\\\\]|\\\\[\\\\\"n])*\"(,[a-z_]+=\"([^\"\\\\]|\\\\[\\\\\"n])*\")*\\})? ([0-9]+)");
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      EXPECT_TRUE(families_.insert(match[1]).second) << "a family is told once: " << line;
      helped_ = match[1];
    } else if (std::regex_match(line, match, type)) {
      EXPECT_EQ(match[1], helped_) << line;
      family_ = match[1];
      EXPECT_EQ(match[2] == "counter", family_.ends_with("_total")) << line;
    } else if (std::regex_match(line, match, sample)) {
      EXPECT_EQ(match[1], family_) << line;
      EXPECT_TRUE(samples_.emplace(match[1].str() + match[2].str(), match[6]).second) << "twice: " << line;
    } else {
      ADD_FAILURE() << "not a line of the format: " << line;
    }
  }

  std::set<std::string> families_;
  std::string helped_;
  std::string family_;
  std::map<std::string, std::string> samples_;
};

TEST(Metrics, FollowTheFormatWhereThereIsNothing) {
  const Exposition metrics(metrics_text({}));
  EXPECT_EQ(metrics.at("ballast_connections"), "0");
  EXPECT_EQ(metrics.at("ballast_uptime_seconds"), "0");
}

TEST(Metrics, HaveEveryServiceServerAndCounter) {
  Observed observed;
  observed.status = {.version = "1.2.3",
                     .instance = "edge",
                     .pid = 7,
                     .configuration = "",
                     .uptime_seconds = 60,
                     .adopted = true,
                     .interfaces = {{"eth0", "xdp", "because"}},
                     .connections = 5,
                     .connections_max = 1000,
                     .services = 1,
                     .servers = 1};
  observed.counters = {{"no_server", "", 3, true}, {"mss_clamped", "", 4, false}};
  auto& view = observed.services.emplace_back();
  view.service.key = cluster::AddressKey{cluster::Protocol::tcp, net::Endpoint::parse("[fd00::1]:80").value()};
  view.service.name = "w\"w\\w\n";
  view.service.scheduler = "rr";
  view.stats = {1, 2, 3, 4, 5};
  auto& server = view.servers.emplace_back();
  server.server.endpoint = net::Endpoint::parse("10.0.0.1:8080").value();
  server.server.weight = 9;
  server.active = 6;
  server.inactive = 7;
  server.persistent = 8;
  server.stats = {11, 12, 13, 14, 15};

  const Exposition metrics(metrics_text(observed));
  EXPECT_EQ(metrics.at(R"(ballast_build_info{version="1.2.3",instance="edge"})"), "1");
  EXPECT_EQ(metrics.at(R"(ballast_interface_info{interface="eth0",hook="xdp"})"), "1");
  EXPECT_EQ(metrics.at("ballast_connections_capacity"), "1000");
  EXPECT_EQ(metrics.at(R"(ballast_drops_total{reason="no_server"})"), "3");
  EXPECT_EQ(metrics.at(R"(ballast_events_total{event="mss_clamped"})"), "4");
  EXPECT_EQ(metrics.at(R"(ballast_service_info{service="tcp [fd00::1]:80",name="w\"w\\w\n",scheduler="rr"})"), "1");
  EXPECT_EQ(metrics.at(R"(ballast_service_incoming_bytes_total{service="tcp [fd00::1]:80"})"), "4");
  const std::string labels = R"({service="tcp [fd00::1]:80",server="10.0.0.1:8080"})";
  EXPECT_EQ(metrics.at("ballast_server_connections_total" + labels), "11");
  EXPECT_EQ(metrics.at("ballast_server_outgoing_packets_total" + labels), "13");
  EXPECT_EQ(metrics.at("ballast_server_active_connections" + labels), "6");
  EXPECT_EQ(metrics.at("ballast_server_inactive_connections" + labels), "7");
  EXPECT_EQ(metrics.at("ballast_server_persistent_connections" + labels), "8");
  EXPECT_EQ(metrics.at("ballast_server_weight" + labels), "9");
}

TEST(Metrics, TellWhatIsKnownOfTheServers) {
  Observed observed;
  const cluster::ServiceKey key = cluster::MarkKey{.mark = 7};
  const auto server = net::Endpoint::parse("10.0.0.1:80").value();
  observed.health.services = {
      {.key = key, .name = "", .up = false, .fallback = true, .servers = {{server, false, 1, ""}}}};
  observed.health.checks.resize(1);
  observed.health.checks[0].servers = {{key, server}};
  observed.health.checks[0].check = "tcp 10.0.0.1:80";
  observed.health.checks[0].failures = 3;
  observed.health.checks[0].last_latency_microseconds = 90;
  const Exposition metrics(metrics_text(observed));
  EXPECT_EQ(metrics.at(R"(ballast_service_up{service="fwmark 7"})"), "0");
  EXPECT_EQ(metrics.at(R"(ballast_service_fallback{service="fwmark 7"})"), "1");
  EXPECT_EQ(metrics.at(R"(ballast_server_up{service="fwmark 7",server="10.0.0.1:80"})"), "0");
  const std::string labels = R"({server="10.0.0.1:80",check="tcp 10.0.0.1:80",number="1"})";
  EXPECT_EQ(metrics.at("ballast_check_up" + labels), "0");
  EXPECT_EQ(metrics.at("ballast_check_failures_total" + labels), "3");
  EXPECT_EQ(metrics.at("ballast_check_latency_microseconds" + labels), "90");
}

}  // namespace
}  // namespace ballast::cli
