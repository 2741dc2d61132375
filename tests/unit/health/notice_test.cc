#include "health/notice.h"

#include <gmock/gmock.h>

#include "tests/unit/health/values.h"

namespace ballast::health {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Notice::Kind;

class NoticesTest : public testing::Test {
 protected:
  NoticesTest() {
    desired_.services = {service("10.0.0.1:80", {server("10.0.1.1:80"), server("10.0.1.2:80")})};
    desired_.services[0].fallback.emplace().endpoint = endpoint("127.0.0.1:0");
  }
  cluster::Health health(bool first, bool second) {
    cluster::Health made;
    auto& verdict = made[key_];
    verdict.servers[endpoint("10.0.1.1:80")] = {.up = first, .reason = "first", .weight = {}, .weight_difference = 0};
    verdict.servers[endpoint("10.0.1.2:80")].up = second;
    verdict.up = first || second;
    return made;
  }

  cluster::Cluster desired_;
  cluster::ServiceKey key_ = key("10.0.0.1:80");
};

TEST_F(NoticesTest, TellOfServers) {
  EXPECT_THAT(notices(desired_, health(true, true), health(false, true)),
              ElementsAre(Notice{Kind::server_down, key_, endpoint("10.0.1.1:80"), "first"}));
  EXPECT_THAT(notices(desired_, health(true, true), health(true, true)), IsEmpty());
}

TEST_F(NoticesTest, TellOfTheServiceAndItsFallback) {
  EXPECT_THAT(notices(desired_, health(true, false), health(false, false)),
              ElementsAre(Notice{Kind::server_down, key_, endpoint("10.0.1.1:80"), "first"},
                          Notice{Kind::service_down, key_, {}, {}},
                          Notice{Kind::fallback_on, key_, endpoint("127.0.0.1:80"), {}}));
  EXPECT_THAT(notices(desired_, health(false, false), health(true, false)),
              ElementsAre(Notice{Kind::server_up, key_, endpoint("10.0.1.1:80"), "first"},
                          Notice{Kind::service_up, key_, {}, {}},
                          Notice{Kind::fallback_off, key_, endpoint("127.0.0.1:80"), {}}));
}

TEST_F(NoticesTest, OfANewServiceOnlyTheFallbackIsTold) {
  EXPECT_THAT(notices(desired_, {}, health(false, false)),
              ElementsAre(Notice{Kind::fallback_on, key_, endpoint("127.0.0.1:80"), {}}));
  EXPECT_THAT(notices(desired_, {}, health(true, false)), IsEmpty());
}

}  // namespace
}  // namespace ballast::health
