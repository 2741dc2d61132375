#include "health/engine.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

#include "tests/unit/health/values.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;

/// A check by connecting, as plain as can be.
asio::awaitable<CheckResult> connect(CheckTarget target) {
  tcp::socket socket(co_await asio::this_coro::executor);
  boost::system::error_code wrong;
  co_await socket.async_connect({asio::ip::make_address(target.server.address.to_string()), target.check.port},
                                asio::redirect_error(asio::use_awaitable, wrong));
  co_return CheckResult{.up = !wrong, .reason = wrong ? wrong.message() : "connected", .latency = {}, .weight = {}};
}

class EngineTest : public testing::Test {
 protected:
  void watch(const std::vector<cluster::RealServer>& servers) {
    cluster::Cluster cluster;
    cluster.services = {service("10.0.0.1:80", servers)};
    monitor_.apply(cluster, {}, now());
  }
  /// Until `done`, or for too long.
  template <typename Done>
  void run_until(Done done) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!done() && std::chrono::steady_clock::now() < deadline) context_.run_one_for(100ms);
    EXPECT_TRUE(done());
  }
  bool is_up(std::string_view server) {
    return monitor_.health().at(key("10.0.0.1:80")).servers.at(endpoint(server)).up;
  }

  asio::io_context context_{1};
  Monitor monitor_{1};
};

TEST_F(EngineTest, ServersComeUpAndGoDown) {
  tcp::acceptor listening(context_, {asio::ip::make_address("127.0.0.1"), 0});
  const std::string where = "127.0.0.1:" + std::to_string(listening.local_endpoint().port());
  auto often = check();
  often.interval = 20ms;
  watch({server(where, often)});
  int news = 0;
  const Engine engine(context_.get_executor(), monitor_, {.run = connect, .news = [&] { ++news; }});
  run_until([&] { return is_up(where); });
  listening.close();
  run_until([&] { return !is_up(where); });
  EXPECT_GE(news, 2);
}

TEST_F(EngineTest, NoMoreThanSoManyChecksAreUnderWay) {
  std::vector<cluster::RealServer> servers;
  for (int i = 1; i <= 50; ++i) servers.push_back(server("10.0.1.1:" + std::to_string(i)));
  watch(servers);
  std::size_t now_running = 0;
  std::size_t most = 0;
  std::size_t ran = 0;
  Engine engine(context_.get_executor(), monitor_,
                {.run = [&](CheckTarget) -> asio::awaitable<CheckResult> {
                   most = std::max(most, ++now_running);
                   asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
                   co_await timer.async_wait(asio::use_awaitable);
                   --now_running;
                   ++ran;
                   co_return success();
                 },
                 .most = {.checks = 7},
                 .news = {}});
  run_until([&] { return ran == 50; });
  EXPECT_EQ(most, 7U);
}

TEST_F(EngineTest, CommandsThatWaitForEachOtherDelayNoOtherCheck) {
  std::vector<cluster::RealServer> servers;
  for (int i = 1; i <= 20; ++i) servers.push_back(server("10.0.1.1:" + std::to_string(i)));
  for (int i = 1; i <= 10; ++i) servers[i].health.checks[0].type = cluster::CheckType::command;
  watch(servers);
  std::size_t commands = 0;
  std::size_t most = 0;
  std::size_t commands_run = 0;
  std::size_t others_run = 0;
  bool go_on = false;
  Engine engine(context_.get_executor(), monitor_,
                {.run = [&](CheckTarget target) -> asio::awaitable<CheckResult> {
                   if (target.check.type != cluster::CheckType::command) {
                     ++others_run;
                     co_return success();
                   }
                   most = std::max(most, ++commands);
                   asio::steady_timer timer(co_await asio::this_coro::executor);
                   while (!go_on) {
                     timer.expires_after(1ms);
                     co_await timer.async_wait(asio::use_awaitable);
                   }
                   --commands;
                   ++commands_run;
                   co_return success();
                 },
                 .most = {.checks = 100, .commands = 2},
                 .news = {}});
  run_until([&] { return others_run >= 10; });
  EXPECT_EQ(commands_run, 0U);
  go_on = true;
  run_until([&] { return commands_run >= 10; });
  EXPECT_EQ(most, 2U);
}

TEST_F(EngineTest, ACheckThatThrowsHasFailed) {
  watch({server("10.0.1.1:80")});
  const Engine engine(context_.get_executor(), monitor_,
                      {.run = [](CheckTarget) -> asio::awaitable<CheckResult> {
                         throw std::runtime_error("broken");
                         co_return success();
                       },
                       .news = {}});
  run_until([&] { return monitor_.reports().at(0).state->standing() == Standing::down; });
  EXPECT_EQ(monitor_.reports().at(0).state->last()->result.reason, "broken");
}

TEST_F(EngineTest, ResultsThatComeAfterItsEndAreDropped) {
  watch({server("10.0.1.1:80")});
  bool ran = false;
  {
    const Engine engine(context_.get_executor(), monitor_,
                        {.run = [&](CheckTarget) -> asio::awaitable<CheckResult> {
                           asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);
                           co_await timer.async_wait(asio::use_awaitable);
                           ran = true;
                           co_return success();
                         },
                         .news = {}});
    context_.run_for(10ms);
  }
  run_until([&] { return ran; });
  context_.run_for(10ms);
  EXPECT_EQ(monitor_.reports().at(0).state->standing(), Standing::untested);
}

}  // namespace
}  // namespace ballast::health
