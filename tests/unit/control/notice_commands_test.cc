#include "control/notice_commands.h"

#include <gmock/gmock.h>

namespace ballast::control {
namespace {

using health::Notice;
using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

net::Endpoint endpoint(std::string_view text) { return net::Endpoint::parse(text).value(); }

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    service_.key = cluster::AddressKey{cluster::Protocol::tcp, endpoint("10.0.0.1:80")};
    service_.servers.resize(1);
    service_.servers[0].endpoint = endpoint("10.0.1.1:80");
    service_.servers[0].health.up_command = "/bin/up 'a b'";
    service_.fallback_command = "/bin/page now";
    service_.quorum.down_command = "lost";
  }
  Result<std::optional<process::Command>> command(Notice::Kind kind) const {
    return command_for(service_, {kind, service_.key, endpoint("10.0.1.1:80"), "no answer"});
  }

  cluster::VirtualService service_;
};

TEST_F(CommandsTest, AServersAreRunAsTheyAreWritten) {
  const auto run = command(Notice::Kind::server_up);
  EXPECT_THAT((*run)->words, ElementsAre("/bin/up", "a b"));
  EXPECT_THAT((*run)->environment, Contains(Pair("BALLAST_EVENT", "server_up")));
  EXPECT_THAT((*run)->environment, Contains(Pair("BALLAST_SERVER", "10.0.1.1:80")));
  EXPECT_THAT((*run)->environment, Contains(Pair("BALLAST_REASON", "no answer")));
}

TEST_F(CommandsTest, RunAsWhoIsNamedBesideThem) {
  service_.servers[0].health.command_user = "nobody";
  service_.quorum.command_user = "mail:mail";
  EXPECT_EQ((*command(Notice::Kind::server_up))->user, "nobody");
  EXPECT_EQ((*command(Notice::Kind::service_down))->user, "mail:mail");
  EXPECT_EQ((*command(Notice::Kind::fallback_on))->user, "");
}

TEST_F(CommandsTest, WhereNoneIsConfiguredNoneIsRun) {
  EXPECT_FALSE(command(Notice::Kind::server_down)->has_value());
  EXPECT_FALSE(command(Notice::Kind::service_up)->has_value());
}

TEST_F(CommandsTest, TheQuorumsAreRun) {
  EXPECT_THAT((*command(Notice::Kind::service_down))->words, ElementsAre("lost"));
}

TEST_F(CommandsTest, TheFallbacksIsCalledAsLdirectordCallsIt) {
  EXPECT_THAT((*command(Notice::Kind::fallback_on))->words,
              ElementsAre("/bin/page", "now", "start", "10.0.0.1:80", "tcp"));
  service_.key = cluster::MarkKey{.mark = 7};
  EXPECT_THAT((*command(Notice::Kind::fallback_off))->words, ElementsAre("/bin/page", "now", "stop", "7", "fwm"));
}

TEST_F(CommandsTest, OneThatCannotBeSplitIsAnError) {
  service_.fallback_command = "a 'b";
  EXPECT_EQ(command(Notice::Kind::fallback_on).error().message, "command 'a 'b' has a ' that is not closed");
}

}  // namespace
}  // namespace ballast::control
