#include "dialogue.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

HealthCheck with_login(const std::string& user, const std::string& password) {
  HealthCheck check;
  check.user = user;
  check.password = password;
  return check;
}

HealthCheck with_start_tls() {
  HealthCheck check;
  check.tls.emplace().start_tls = true;
  return check;
}

TEST(Text, IsUpWhenConnectedWhereNothingIsToBeSaid) {
  EXPECT_EQ(talk([] { return text_conversation({}); }, {}).verdict, up("connected"));
}

TEST(Text, SendsAndMatchesTheAnswer) {
  HealthCheck check;
  check.send = "PING\r\n";
  check.expect = "PONG";
  const auto make = [&] { return text_conversation(check); };
  const auto outcome = talk(make, {"+PO", "NG\r\n"});
  EXPECT_EQ(outcome.said, "PING\r\n");
  EXPECT_EQ(outcome.verdict, up("answered '+PONG'"));
  EXPECT_EQ(talk(make, {"-ERR\r\n"}).verdict, down("answer '-ERR' does not match /PONG/"));
  EXPECT_EQ(talk(make, {}).verdict, down("connection closed by the server without an answer"));
}

TEST(Text, NamesWhatIsWrongWithARegularExpression) {
  HealthCheck check;
  check.expect = "a(b";
  EXPECT_EQ(talk([&] { return text_conversation(check); }, {}).verdict,
            down("/a(b/ is not a regular expression: missing closing parenthesis (at character 4)"));
}

TEST(Text, GivesUpOnRegularExpressionsThatTakeForEver) {
  HealthCheck check;
  check.expect = "^(a+)+$";
  const auto verdict = hold(text_conversation(check), {std::string(40, 'a') + "b"}).verdict;
  EXPECT_EQ(verdict, down("/^(a+)+$/ could not be searched for: match limit exceeded"));
}

TEST(Udp, WantsAnAnswerOfALengthThatMatches) {
  HealthCheck check;
  check.reply_least = 2;
  check.reply_most = 4;
  check.expect = "^o";
  const auto question = udp_question(check);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->judge("ok"), up("answered with 2 bytes"));
  EXPECT_EQ(question->judge("o"), down("answer has 1 bytes, wanted 2-4"));
  EXPECT_EQ(question->judge("no"), down("answer 'no' does not match /^o/"));
}

TEST(Smtp, GreetsAndSaysFarewell) {
  const auto make = [] { return smtp_conversation({}, "me.example"); };
  const auto outcome = talk(make, {"220-hi\r\n220 mx.example ESMTP\r\n", "250 you\r\n"});
  EXPECT_EQ(outcome.said, "HELO me.example\r\nQUIT\r\n");
  EXPECT_EQ(outcome.verdict, up("220 mx.example ESMTP"));
  EXPECT_EQ(talk(make, {"554 no\r\n"}).verdict, down("greeting '554 no', wanted 220"));
  EXPECT_EQ(talk(make, {"220 x\r\n", "502 what\r\n"}).verdict, down("HELO was answered '502 what'"));
}

TEST(Smtp, ChangesOverToTls) {
  const auto outcome = talk([] { return smtp_conversation(with_start_tls(), "me"); },
                            {"220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n", "250 you\r\n"});
  EXPECT_EQ(outcome.said, "EHLO me\r\nSTARTTLS\r\nHELO me\r\nQUIT\r\n");
  EXPECT_TRUE(outcome.verdict.up);
}

TEST(Imap, LogsIn) {
  const auto make = [] { return imap_conversation(with_login("joe", "a\"b\\c")); };
  const auto outcome = talk(make, {"* OK ready\r\n", "* CAPABILITY IMAP4rev1\r\na2 OK done\r\n"});
  EXPECT_EQ(outcome.said, "a2 LOGIN \"joe\" \"a\\\"b\\\\c\"\r\na3 LOGOUT\r\n");
  EXPECT_EQ(outcome.verdict, up("logged in"));
  EXPECT_EQ(talk(make, {"* OK ready\r\n", "a2 NO [AUTHENTICATIONFAILED] wrong\r\n"}).verdict,
            down("login refused: 'NO [AUTHENTICATIONFAILED] wrong'"));
  EXPECT_EQ(talk(make, {"* BYE full\r\n"}).verdict, down("greeting '* BYE full', wanted '* OK'"));
}

TEST(Pop3, LogsIn) {
  const auto make = [] { return pop3_conversation(with_login("joe", "secret")); };
  const auto outcome = talk(make, {"+OK\r\n", "+OK\r\n", "+OK\r\n"});
  EXPECT_EQ(outcome.said, "USER joe\r\nPASS secret\r\nQUIT\r\n");
  EXPECT_TRUE(outcome.verdict.up);
  EXPECT_EQ(talk(make, {"+OK\r\n", "+OK\r\n", "-ERR wrong\r\n"}).verdict, down("login refused: '-ERR wrong'"));
  EXPECT_EQ(talk(make, {"-ERR busy\r\n"}).verdict, down("greeting '-ERR busy', wanted '+OK'"));
}

TEST(Pop3, RefusesPasswordsWithLineBreaks) {
  EXPECT_FALSE(talk([] { return pop3_conversation(with_login("joe", "x\r\nDELE 1")); }, {"+OK\r\n"}).verdict.up);
}

TEST(Ftp, FetchesAFileAndMatchesIt) {
  HealthCheck check;
  check.request = "status.txt";
  check.expect = "fine";
  const auto make = [&] { return ftp_conversation(check); };
  const std::vector<std::string> server{"220 x\r\n",   "331 password?\r\n",      "230 in\r\n",
                                        "200 ok\r\n",  "229 go (|||30123|)\r\n", "150 here it comes\r\n",
                                        "226 done\r\n"};
  const auto outcome = talk(make, server, "all is fine\n");
  EXPECT_EQ(outcome.said, "USER anonymous\r\nPASS ballast@\r\nTYPE I\r\nEPSV\r\nRETR status.txt\r\nQUIT\r\n");
  EXPECT_EQ(outcome.verdict, up("file status.txt has 12 bytes"));
  EXPECT_EQ(talk(make, server, "broken").verdict, down("file status.txt does not match /fine/"));
}

TEST(Ftp, IsDownWhereTheFileOrTheLoginIsMissing) {
  HealthCheck check;
  check.request = "status.txt";
  const auto make = [&] { return ftp_conversation(check); };
  EXPECT_EQ(talk(make, {"220 x\r\n", "230 in\r\n", "200 ok\r\n", "229 go (|||1|)\r\n", "550 none\r\n"}).verdict,
            down("RETR was answered '550 none'"));
  EXPECT_EQ(talk(make, {"220 x\r\n", "530 no\r\n"}).verdict, down("login refused: '530 no'"));
  EXPECT_EQ(talk(make, {"220 x\r\n", "230 in\r\n", "200 ok\r\n", "229 go (|||99999|)\r\n"}).verdict,
            down("EPSV was answered '229 go (|||99999|)'"));
}

TEST(Nntp, WantsAGreetingAndAGroup) {
  HealthCheck check;
  EXPECT_EQ(talk([&] { return nntp_conversation(check); }, {"201 read only\r\n"}).verdict, up("201 read only"));
  check.request = "comp.lang";
  EXPECT_EQ(talk([&] { return nntp_conversation(check); }, {"200 hi\r\n", "411 none\r\n"}).verdict,
            down("GROUP was answered '411 none'"));
}

}  // namespace
}  // namespace ballast::health
