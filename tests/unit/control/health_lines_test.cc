#include "control/health_lines.h"

#include <gmock/gmock.h>

#include "cluster/effective.h"

namespace ballast::control {
namespace {

using testing::ElementsAre;

net::Endpoint endpoint(std::string_view text) { return net::Endpoint::parse(text).value(); }

class HealthLinesTest : public testing::Test {
 protected:
  HealthLinesTest() {
    auto& service = desired_.services.emplace_back();
    service.key = cluster::AddressKey{cluster::Protocol::tcp, endpoint("10.0.0.1:80")};
    service.servers.resize(1);
    service.servers[0].endpoint = endpoint("10.0.1.1:80");
    service.servers[0].weight = 3;
    service.servers[0].health.checks.emplace_back();
  }
  cluster::Health known(bool up, std::string reason) const {
    cluster::Health health;
    auto& verdict = health[desired_.services[0].key];
    verdict.up = up;
    auto& server = verdict.servers[endpoint("10.0.1.1:80")];
    server.up = up;
    server.reason = std::move(reason);
    return health;
  }
  std::vector<std::string> lines(const cluster::Health& before, const cluster::Health& after) const {
    return health_lines(cluster::effective(desired_, before), cluster::effective(desired_, after), after);
  }

  cluster::Cluster desired_;
};

TEST_F(HealthLinesTest, AreLdirectords) {
  const auto up = known(true, "tcp 10.0.1.1:80: connected");
  const auto down = known(false, "tcp 10.0.1.1:80: connection refused");
  EXPECT_THAT(lines(up, down),
              ElementsAre("Deleted real server: 10.0.1.1:80 (10.0.0.1:80): tcp 10.0.1.1:80: connection refused"));
  EXPECT_THAT(
      lines(down, up),
      ElementsAre("Added real server: 10.0.1.1:80 (10.0.0.1:80) (Weight set to 3): tcp 10.0.1.1:80: connected"));
}

TEST_F(HealthLinesTest, TellOfQuiescentServers) {
  desired_.services[0].servers[0].health.on_failure = cluster::OnFailure::quiescent;
  EXPECT_THAT(lines(known(true, ""), known(false, "no answer")),
              ElementsAre("Quiescent real server: 10.0.1.1:80 (10.0.0.1:80) (Weight set to 0): no answer"));
  EXPECT_THAT(lines(known(false, "no answer"), known(true, "")),
              ElementsAre("Restored real server: 10.0.1.1:80 (10.0.0.1:80) (Weight set to 3)"));
}

TEST_F(HealthLinesTest, TellOfTheFallback) {
  desired_.services[0].fallback.emplace().endpoint = endpoint("127.0.0.1:0");
  EXPECT_THAT(lines(known(true, ""), known(false, "")),
              ElementsAre("Deleted real server: 10.0.1.1:80 (10.0.0.1:80)",
                          "Added fallback server: 127.0.0.1:80 (10.0.0.1:80) (Weight set to 1)"));
  EXPECT_THAT(lines(known(false, ""), known(true, "")),
              ElementsAre("Added real server: 10.0.1.1:80 (10.0.0.1:80) (Weight set to 3)",
                          "Deleted fallback server: 127.0.0.1:80 (10.0.0.1:80)"));
}

}  // namespace
}  // namespace ballast::control
