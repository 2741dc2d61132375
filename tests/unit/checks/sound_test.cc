#include "health/checks/sound.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ballast::health {
namespace {

using cluster::CheckType;
using cluster::HealthCheck;
using cluster::HttpRequest;
using testing::HasSubstr;

HealthCheck check(CheckType type) {
  HealthCheck made;
  made.type = type;
  return made;
}

std::string http_problem(const std::function<void(HttpRequest&)>& edit) {
  HealthCheck http = check(CheckType::http);
  edit(http.requests.emplace_back());
  return problem_of(http).value_or("");
}

TEST(Sound, IsAChecksUsualForm) {
  for (std::size_t type = 0; type < cluster::check_types; ++type) {
    EXPECT_EQ(problem_of(check(static_cast<CheckType>(type))), std::nullopt);
  }
  EXPECT_EQ(http_problem([](HttpRequest& r) {
              r.path = "/a?b=c", r.method = "HEAD", r.host = "www.example", r.status = "200-299,304", r.expect = "a|b";
            }),
            "");
}

TEST(Sound, IsNoRequestThatCannotBeSent) {
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.path = "index.html"; }), HasSubstr("'index.html' is not a path"));
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.path = "/a\r\nX: y"; }), HasSubstr("is not a path"));
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.method = "FOO BAR"; }), HasSubstr("'FOO BAR' is not a method"));
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.host = "a b"; }), HasSubstr("'a b' is not a host's name"));
  HealthCheck smtp = check(CheckType::smtp);
  smtp.helo = "a\r\nQUIT";
  EXPECT_THAT(problem_of(smtp).value_or(""), HasSubstr("helo must not have line breaks"));
}

TEST(Sound, IsNoAnswerThatCannotCome) {
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.status = "99"; }), HasSubstr("'99' is not a set of status codes"));
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.status = "300-200"; }), HasSubstr("is not a set of status codes"));
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.expect = "a("; }), HasSubstr("/a(/ is not a regular expression"));
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.regex_options = "foo"; }), HasSubstr("unknown option 'foo'"));
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.expect_digest = "zz"; }), HasSubstr("'zz' is not an MD5 digest"));
  EXPECT_THAT(http_problem([](HttpRequest& r) { r.expect_from = 9, r.expect_to = 3; }), HasSubstr("cannot be"));
  HealthCheck dns = check(CheckType::dns);
  dns.record = "FOO";
  EXPECT_EQ(problem_of(dns), "unknown type of record 'FOO'");
  HealthCheck udp = check(CheckType::udp);
  udp.reply_least = 5;
  udp.reply_most = 2;
  EXPECT_THAT(problem_of(udp).value_or(""), HasSubstr("at least 5 and at most 2 bytes"));
  HealthCheck tcp = check(CheckType::tcp);
  tcp.expect = "RS([";
  EXPECT_THAT(problem_of(tcp).value_or(""), HasSubstr("is not a regular expression"));
  HealthCheck file = check(CheckType::file);
  file.command = "run/health";
  EXPECT_EQ(problem_of(file), "'run/health' is not a whole path");
}

}  // namespace
}  // namespace ballast::health
