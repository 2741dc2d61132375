#include "health/checks/conversation.h"

#include "dialogue.h"
#include "health/checks/lines.h"

namespace ballast::health {
namespace {

Conversation two_lines() {
  const std::string first = co_await take("the first line", take_line);
  co_yield first + "!";
  const std::string second = co_await take("the second line", take_line);
  co_return up(second);
}

TEST(Conversation, GoesOnWithEachLineAndEndsWithAVerdict) {
  const auto outcome = talk(two_lines, {"hello\r\n", "world\n"});
  EXPECT_EQ(outcome.said, "hello!");
  EXPECT_EQ(outcome.verdict, up("world"));
}

TEST(Conversation, TakesWhatCameAtOnceLineByLine) { EXPECT_EQ(hold(two_lines(), {"a\nb\n"}).verdict, up("b")); }

TEST(Conversation, IsDownWhenTheServerEndsTheConnectionAndSaysWhatItWaitedFor) {
  EXPECT_EQ(talk(two_lines, {"hello\r\n", "wor"}).verdict,
            down("connection closed by the server (waiting for the second line)"));
}

TEST(Conversation, IsDownWhenALineDoesNotEnd) {
  const auto verdict = hold(two_lines(), {std::string(10'000, 'x')}).verdict;
  EXPECT_FALSE(verdict.up);
  EXPECT_TRUE(verdict.reason.starts_with("a line is longer than 8192 bytes: 'xxx")) << verdict.reason;
}

TEST(Conversation, CanBeGivenUpInTheMiddle) {
  auto conversation = two_lines();
  conversation.begin();
  conversation.received("hello\r\n");
  EXPECT_EQ(conversation.wants(), Conversation::Wants::bytes);
  EXPECT_EQ(conversation.waiting_for(), "the second line");
}

Conversation secured_line() {
  co_await take("the greeting", take_line);
  co_await start_tls();
  co_return up(co_await take("the line in TLS", take_line));
}

TEST(Conversation, ForgetsWhatCameInPlainTextBeforeTls) {
  EXPECT_EQ(hold(secured_line(), {"hello\ninjected\n", "real\n"}).verdict, up("real"));
}

TEST(Reply, HasTheDigitsAndTheTextOfTheLastLine) {
  std::string received = "220-first\r\n not a code\r\n250 other digits\r\n220 last\r\nrest";
  const auto reply = take_reply(received);
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ((*reply)->to_string(), "220 last");
  EXPECT_EQ(received, "rest");
}

TEST(Reply, MustBeginWithThreeDigits) {
  std::string received = "SSH-2.0-OpenSSH\r\n";
  const auto reply = take_reply(received);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "not a reply: 'SSH-2.0-OpenSSH'");
}

TEST(Quotable, IsPrintableAndShort) {
  EXPECT_EQ(quotable("a\tb\x80\r\nnext"), "a.b.");
  EXPECT_EQ(quotable(std::string(100, 'x')), std::string(80, 'x') + "...");
}

}  // namespace
}  // namespace ballast::health
