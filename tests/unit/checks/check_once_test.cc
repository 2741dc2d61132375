#include "health/check_once.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <string>
#include <vector>

namespace ballast::health {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using cluster::CheckType;

/// Says something to every client that asks, or never anything.
class Peer {
 public:
  Peer(asio::io_context& context, std::string words)
      : acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), words_(std::move(words)) {
    asio::co_spawn(context, serve(), asio::detached);
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  void close() {
    acceptor_.close();
    clients_.clear();
  }

 private:
  asio::awaitable<void> serve() {
    while (true) {
      auto client = std::make_shared<tcp::socket>(co_await acceptor_.async_accept(asio::use_awaitable));
      clients_.push_back(client);
      if (!words_.empty()) asio::co_spawn(acceptor_.get_executor(), answer(client), asio::detached);
    }
  }
  asio::awaitable<void> answer(std::shared_ptr<tcp::socket> client) {
    std::string asked;
    co_await asio::async_read_until(*client, asio::dynamic_buffer(asked), "\r\n\r\n", asio::use_awaitable);
    co_await asio::async_write(*client, asio::buffer(words_), asio::use_awaitable);
  }

  tcp::acceptor acceptor_;
  std::string words_;
  std::vector<std::shared_ptr<tcp::socket>> clients_;
};

CheckTarget target(CheckType type, std::uint16_t port) {
  CheckTarget made{};
  made.server = {net::Address::ipv4(0x7f000001), port};
  made.service = cluster::AddressKey{.endpoint = made.server};
  made.check.type = type;
  made.check.timeout = std::chrono::seconds(20);
  return made;
}

/// What so many checks of the target at once come to.
std::vector<CheckResult> check(asio::io_context& context, const CheckTarget& asked, std::size_t times, Peer* peer) {
  std::vector<CheckResult> results;
  for (std::size_t i = 0; i < times; ++i) {
    asio::co_spawn(context, check_once(asked), [&, peer](const std::exception_ptr& thrown, CheckResult result) {
      EXPECT_FALSE(thrown);
      results.push_back(std::move(result));
      if (results.size() == times && peer != nullptr) peer->close();
    });
  }
  context.run();
  return results;
}

CheckResult check(const CheckTarget& asked) {
  asio::io_context context(1);
  return check(context, asked, 1, nullptr).at(0);
}

TEST(CheckOnce, TellsUpFromDown) {
  asio::io_context context(1);
  Peer peer(context, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto results = check(context, target(CheckType::http, peer.port()), 1, &peer);
  EXPECT_TRUE(results.at(0).up) << results.at(0).reason;
  EXPECT_EQ(results.at(0).reason, "status 200");
  EXPECT_GT(results.at(0).latency.count(), 0);
}

TEST(CheckOnce, EndsWhenAServerAcceptsAndSaysNothing) {
  asio::io_context context(1);
  Peer peer(context, "");
  auto asked = target(CheckType::http, peer.port());
  asked.check.timeout = std::chrono::milliseconds(50);
  const auto results = check(context, asked, 1, &peer);
  EXPECT_FALSE(results.at(0).up);
  EXPECT_EQ(results.at(0).reason, "no answer within 50 ms (connected, waiting for the status line)");
}

TEST(CheckOnce, WaitsForManyServersSideBySide) {
  asio::io_context context(1);
  Peer peer(context, "");
  auto asked = target(CheckType::smtp, peer.port());
  asked.check.timeout = std::chrono::milliseconds(1500);
  const auto results = check(context, asked, 300, &peer);
  EXPECT_EQ(results.size(), 300U);
  for (const auto& result : results) {
    EXPECT_EQ(result.reason, "no answer within 1.5 s (connected, waiting for the greeting)");
  }
}

TEST(CheckOnce, MakesEveryRequestAndNamesTheOneThatFails) {
  asio::io_context context(1);
  Peer peer(context, "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n");
  auto asked = target(CheckType::http, peer.port());
  asked.check.requests.resize(3);
  asked.check.requests[0].status = "404";
  asked.check.requests[1].path = "/second";
  const auto results = check(context, asked, 1, &peer);
  EXPECT_EQ(results.at(0).reason, "/second: status 404, wanted 200-299");
}

TEST(CheckOnce, IsDownWhereNobodyListens) {
  asio::io_context context(1);
  tcp::acceptor unused(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto port = unused.local_endpoint().port();
  unused.close();
  EXPECT_EQ(check(target(CheckType::tcp, port)).reason, "connection refused");
  EXPECT_EQ(check(target(CheckType::redis, port)).reason, "connection refused");
}

TEST(CheckOnce, WantsAPort) {
  EXPECT_EQ(check(target(CheckType::tcp, 0)).reason,
            "neither check nor server nor service has a port: give the check one");
}

TEST(CheckOnce, TakesThePortOfTheServiceWhereTheServerHasNone) {
  asio::io_context context(1);
  Peer peer(context, "");
  auto asked = target(CheckType::tcp, 0);
  asked.service = cluster::AddressKey{.endpoint = {net::Address::ipv4(0x0a000001), peer.port()}};
  EXPECT_EQ(check(context, asked, 1, &peer).at(0).reason, "connected");
}

TEST(CheckOnce, AsksByACommand) {
  auto asked = target(CheckType::command, 80);
  asked.check.command = "sh -c 'echo $1 $2 $3 $4; exit 9' name";
  asked.check.arguments = cluster::CommandArguments::addresses;
  asked.check.weight_from_result = true;
  const auto result = check(asked);
  EXPECT_TRUE(result.up);
  EXPECT_EQ(result.reason, "exit status 9: 127.0.0.1 80 127.0.0.1 80");
  EXPECT_EQ(result.weight, 7);
}

}  // namespace
}  // namespace ballast::health
