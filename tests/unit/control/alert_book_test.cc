#include "control/alert_book.h"

#include <gmock/gmock.h>

#include "control/mail.h"

namespace ballast::control {
namespace {

using namespace std::chrono_literals;
using health::Notice;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

net::Endpoint endpoint(std::string_view text) { return net::Endpoint::parse(text).value(); }

class AlertBookTest : public testing::Test {
 protected:
  AlertBookTest() {
    service_.key = cluster::AddressKey{cluster::Protocol::tcp, endpoint("10.0.0.1:80")};
    service_.alerts.resize(1);
    service_.alerts[0].to = {"ops@example.com"};
  }
  void enter(Notice::Kind kind) {
    book_.enter(service_, {kind, service_.key, endpoint("10.0.1.1:80"), "no answer"}, now_);
  }
  std::vector<std::string> due(std::chrono::seconds later) {
    now_ += later;
    std::vector<std::string> lines;
    for (const auto& mail : book_.take_due(now_)) {
      for (const auto& line : mail.lines) lines.push_back(line);
    }
    return lines;
  }

  cluster::VirtualService service_;
  AlertBook book_;
  AlertBook::Time now_ = AlertBook::Time(1h);
};

TEST_F(AlertBookTest, WhatHappensTogetherIsOneMail) {
  enter(Notice::Kind::server_down);
  enter(Notice::Kind::service_down);
  EXPECT_THAT(due(0s), IsEmpty());
  EXPECT_THAT(due(1s), ElementsAre("Real server 10.0.1.1:80 (tcp 10.0.0.1:80) is down: no answer",
                                   "Service tcp 10.0.0.1:80 is down"));
  EXPECT_THAT(due(100s), IsEmpty()) << "once for each change";
}

TEST_F(AlertBookTest, BetweenTwoMailsIsAPause) {
  enter(Notice::Kind::server_down);
  EXPECT_THAT(due(1s), SizeIs(1));
  for (int i = 0; i < 9; ++i) {
    enter(i % 2 == 0 ? Notice::Kind::server_up : Notice::Kind::server_down);
    EXPECT_THAT(due(1s), IsEmpty());
  }
  EXPECT_THAT(due(1s), SizeIs(9));
}

TEST_F(AlertBookTest, WhatIsDownIsToldAgainWhereAsked) {
  service_.alerts[0].repeat = 60s;
  enter(Notice::Kind::server_down);
  EXPECT_THAT(due(1s), SizeIs(1));
  EXPECT_THAT(due(58s), IsEmpty());
  EXPECT_THAT(due(1s), ElementsAre("Real server 10.0.1.1:80 (tcp 10.0.0.1:80) is still down"));
  enter(Notice::Kind::server_up);
  EXPECT_THAT(due(20s), SizeIs(1));
  EXPECT_THAT(due(100s), IsEmpty());
}

TEST(Message, CannotBeForgedByWhatAServerSaid) {
  Mail mail;
  mail.alert.to = {"ops@example.com", "x@example.com"};
  mail.lines = {"Real server is down: bad\r\nBcc: all@example.com", "second"};
  const std::string text = message_text(mail, "lb1", std::chrono::system_clock::time_point(1000000000s));
  EXPECT_THAT(text, HasSubstr("From: ballast@lb1\r\nTo: ops@example.com, x@example.com\r\n"));
  EXPECT_THAT(text, HasSubstr("Subject: [ballast lb1] Real server is down: badBcc: all@example.com (and 1 more)\r\n"));
  EXPECT_THAT(text, HasSubstr("Date: Sun, 09 Sep 2001 01:46:40 +0000\r\n"));
  EXPECT_TRUE(text.ends_with("\r\n\r\nReal server is down: badBcc: all@example.com\r\nsecond\r\n"));
}

}  // namespace
}  // namespace ballast::control
