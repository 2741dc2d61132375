#include "vrrp/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::vrrp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Event event(Event::Kind kind, State state = State::active) {
  Event event{.kind = kind, .name = "edge", .state = state, .priority = 100, .notify = {}};
  event.notify.master = "/bin/master x";
  event.notify.stop = "/bin/stop";
  event.notify.any = "/bin/any";
  return event;
}

TEST(Notification, IsALineOfKeepalivedsForm) {
  EXPECT_EQ(fifo_line(event(Event::Kind::state)), "INSTANCE \"edge\" MASTER 100");
  EXPECT_EQ(fifo_line(event(Event::Kind::state, State::backup)), "INSTANCE \"edge\" BACKUP 100");
  EXPECT_EQ(fifo_line(event(Event::Kind::state, State::fault)), "INSTANCE \"edge\" FAULT 100");
  EXPECT_EQ(fifo_line(event(Event::Kind::stopped)), "INSTANCE \"edge\" STOP 100");
  EXPECT_EQ(fifo_line(event(Event::Kind::deleted)), "INSTANCE \"edge\" DELETED 100");
  EXPECT_EQ(fifo_line(event(Event::Kind::priority)), "INSTANCE \"edge\" MASTER_PRIORITY 100");
  EXPECT_EQ(fifo_line(event(Event::Kind::lower_priority)), "INSTANCE \"edge\" MASTER_RX_LOWER_PRI 100");
  EXPECT_EQ(fifo_line({.of_group = true, .name = "g", .state = State::backup, .notify = {}}), "GROUP \"g\" BACKUP 0");
}

TEST(Notification, RunsTheCommandOfTheStateAndTheOneForAll) {
  EXPECT_THAT(commands_of(event(Event::Kind::state)),
              ElementsAre("/bin/master x", "/bin/any INSTANCE 'edge' MASTER 100"));
  EXPECT_THAT(commands_of(event(Event::Kind::state, State::backup)),
              ElementsAre("/bin/any INSTANCE 'edge' BACKUP 100"));
  EXPECT_THAT(commands_of(event(Event::Kind::stopped)), ElementsAre("/bin/stop", "/bin/any INSTANCE 'edge' STOP 100"));
}

TEST(Notification, TellsOfPrioritiesOnlyWhereAsked) {
  EXPECT_THAT(commands_of(event(Event::Kind::priority)), IsEmpty());
  Event asked = event(Event::Kind::priority);
  asked.notify.priority_changes = true;
  EXPECT_THAT(commands_of(asked), ElementsAre("/bin/any INSTANCE 'edge' MASTER_PRIORITY 100"));
}

}  // namespace
}  // namespace ballast::vrrp
