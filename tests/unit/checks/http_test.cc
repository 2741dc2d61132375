#include "dialogue.h"
#include "health/checks/http_message.h"

namespace ballast::health {
namespace {

using cluster::HttpVersion;

HealthCheck http(HttpVersion version = HttpVersion::http_1_1) {
  HealthCheck check;
  check.type = cluster::CheckType::http;
  check.http_version = version;
  return check;
}

Outcome ask(const HttpRequest& request, const std::vector<std::string>& answer, const HealthCheck& check = http()) {
  return talk([&] { return http_1_conversation(check, request, "10.0.0.1:8080"); }, answer);
}

TEST(Http1, AsksForThePathOfTheHost) {
  HttpRequest request;
  request.path = "/index.html";
  request.host = "www.example";
  const auto outcome = ask(request, {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(outcome.said,
            "GET /index.html HTTP/1.1\r\nHost: www.example\r\nUser-Agent: ballast\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(outcome.verdict, up("status 200"));
}

TEST(Http1, NamesTheWholeUrlToAProxy) {
  auto check = http(HttpVersion::http_1_0);
  check.type = cluster::CheckType::http_proxy;
  HttpRequest request;
  request.host = "www.example";
  const auto said = ask(request, {"HTTP/1.0 200 OK\r\n\r\n"}, check).said;
  EXPECT_TRUE(said.starts_with("GET http://www.example/ HTTP/1.0\r\nHost: www.example\r\n")) << said;
}

TEST(Http1, WantsAStatusOfTheSet) {
  HttpRequest request;
  EXPECT_EQ(ask(request, {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"}).verdict,
            down("status 503, wanted 200-299"));
  request.status = "200,503";
  EXPECT_EQ(ask(request, {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"}).verdict, up("status 503"));
}

TEST(Http1, MatchesABodyOfKnownLength) {
  HttpRequest request;
  request.expect = "RS[12]";
  EXPECT_EQ(ask(request, {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nRS1"}).verdict,
            up("status 200, body matches /RS[12]/"));
  EXPECT_EQ(ask(request, {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nRS3"}).verdict,
            down("body does not match /RS[12]/"));
}

TEST(Http1, MatchesABodyInChunks) {
  HttpRequest request;
  request.expect = "^hello world$";
  EXPECT_TRUE(ask(request, {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                            "6;ext=1\r\nhello \r\n5\r\nworld\r\n0\r\nTrailer: x\r\n\r\n"})
                  .verdict.up);
}

TEST(Http1, MatchesABodyThatEndsWithTheConnection) {
  HttpRequest request;
  request.expect = "world";
  EXPECT_TRUE(ask(request, {"HTTP/1.0 200 OK\r\n\r\nhello", " world"}).verdict.up);
}

TEST(Http1, MatchesNegatedAndWithinOffsets) {
  HttpRequest request;
  request.expect = "ERROR";
  request.expect_match = false;
  EXPECT_EQ(ask(request, {"HTTP/1.0 200 OK\r\n\r\nan error"}).verdict, up("status 200, body does not match /ERROR/"));
  request.regex_options = "caseless";
  EXPECT_EQ(ask(request, {"HTTP/1.0 200 OK\r\n\r\nan error"}).verdict, down("body matches /ERROR/"));
  request.expect_from = 4;
  EXPECT_TRUE(ask(request, {"HTTP/1.0 200 OK\r\n\r\nan error"}).verdict.up);
  request.expect_from = 0;
  request.expect_to = 2;
  EXPECT_TRUE(ask(request, {"HTTP/1.0 200 OK\r\n\r\nan error"}).verdict.up);
  request.expect_to = 3;
  EXPECT_FALSE(ask(request, {"HTTP/1.0 200 OK\r\n\r\nan error"}).verdict.up);
}

TEST(Http1, ComparesTheDigestOfTheBody) {
  HttpRequest request;
  request.expect_digest = "5D41402ABC4B2A76B9719D911017C592";
  EXPECT_TRUE(ask(request, {"HTTP/1.0 200 OK\r\n\r\nhello"}).verdict.up);
  EXPECT_EQ(ask(request, {"HTTP/1.0 200 OK\r\n\r\nhallo"}).verdict,
            down("MD5 of the body is 598d4c200461b81522a3328565c25f7c, wanted 5D41402ABC4B2A76B9719D911017C592"));
}

TEST(Http1, PassesOverInterimAnswers) {
  EXPECT_TRUE(ask({}, {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "HTTP/1.1 204 None\r\n\r\n"}).verdict.up);
}

TEST(Http1, ExpectsNoBodyAfterHead) {
  HttpRequest request;
  request.method = "HEAD";
  EXPECT_TRUE(ask(request, {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}).verdict.up);
}

TEST(Http1, IsDownWhenItIsNotHttp) {
  EXPECT_EQ(ask({}, {"SSH-2.0-OpenSSH_9.2\r\n"}).verdict, down("not HTTP: 'SSH-2.0-OpenSSH_9.2'"));
  EXPECT_FALSE(ask({}, {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"}).verdict.up);
  EXPECT_FALSE(ask({}, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}).verdict.up);
}

TEST(Http1, IsDownWhenTheBodyIsCutShort) {
  EXPECT_EQ(ask({}, {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}).verdict,
            down("connection closed by the server (waiting for the body)"));
}

TEST(Http1, LooksOnlyIntoBodiesOfBoundedSize) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
  const std::vector<std::string> answer{head, std::string(most_body / 2, 'x'), std::string(most_body, 'x')};
  HttpRequest request;
  EXPECT_EQ(hold(http_1_conversation(http(), request, "h"), answer).verdict, up("status 200"));
  request.expect = "y";
  EXPECT_EQ(hold(http_1_conversation(http(), request, "h"), answer).verdict, down("body is larger than 4 MiB"));
}

TEST(Http1, RefusesPathsThatWouldBreakTheRequest) {
  HttpRequest request;
  request.path = "/a b\r\nX: y";
  EXPECT_FALSE(ask(request, {}).verdict.up);
}

TEST(Http2, AsksAndUnderstandsTheAnswer) {
  // SETTINGS; HEADERS with END_HEADERS: indexed field 8 is ":status: 200"; DATA with END_STREAM.
  const std::string settings("\x00\x00\x00\x04\x00\x00\x00\x00\x00", 9);
  const std::string headers("\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88", 10);
  const std::string data("\x00\x00\x03\x00\x01\x00\x00\x00\x01RS1", 12);
  HttpRequest request;
  request.expect = "RS1";
  const auto make = [&] { return http_2_conversation(http(HttpVersion::http_2), request, "www.example"); };
  const auto outcome = hold(make(), {settings, headers, data});
  EXPECT_TRUE(outcome.said.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  EXPECT_EQ(outcome.verdict, up("status 200, body matches /RS1/"));
  EXPECT_EQ(hold(make(), {settings, headers}).verdict, down("connection closed by the server (waiting for the body)"));
  EXPECT_EQ(hold(make(), {settings + std::string("\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x07", 13)}).verdict,
            down("request refused by the server: REFUSED_STREAM"));
}

TEST(Http2, IsDownWhenTheServerSpeaksHttp1) {
  const auto verdict =
      hold(http_2_conversation(http(HttpVersion::http_2), {}, "h"), {"HTTP/1.1 400 Bad Request\r\n\r\n"}).verdict;
  EXPECT_FALSE(verdict.up);
}

TEST(StatusSet, IsRefusedWhereItIsNone) {
  for (const auto* text : {"x", "99", "300-200", "200,", "200-"}) EXPECT_FALSE(StatusSet::parse(text)) << text;
}

}  // namespace
}  // namespace ballast::health
