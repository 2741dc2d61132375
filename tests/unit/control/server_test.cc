#include "control/server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/asio/post.hpp>

#include <cstdlib>
#include <thread>

#include "base/instance.h"
#include "control/client.h"
#include "control/operations.h"
#include "tests/unit/control/temporary_directory.h"

namespace ballast::control {
namespace {

/// A server in a thread of its own, on the socket of instance "test". It answers {"op": X, "v": V} with V and refuses
/// without one.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    ::setenv("BALLAST_RUNTIME_DIRECTORY", directory_.path().c_str(), 1);
    std::filesystem::create_directory(runtime_directory("test"));
    auto listening =
        Server::listen(context_, control_socket("test"), {.answer = reply, .answered = [this] { ++answered_; }});
    if (!listening) throw std::runtime_error(listening.error().message);
    server_ = std::move(*listening);
    thread_ = std::thread([this] { context_.run(); });
  }
  ~ServerTest() override {
    boost::asio::post(context_, [this] {
      server_.reset();
      context_.stop();
    });
    thread_.join();
    ::unsetenv("BALLAST_RUNTIME_DIRECTORY");
  }

  static std::string reply(std::string_view line) {
    const auto request = parse_request(line);
    if (!request) return refusal(request.error());
    const auto* value = request->arguments.if_contains("v");
    if (value == nullptr) return refusal({"v: is missing", ENOENT});
    return R"({"result":)" + std::string(value->as_string()) + "}";
  }

  static Client client() {
    auto connected = Client::connect("test");
    EXPECT_TRUE(connected.has_value()) << connected.error().message;
    return std::move(connected.value());
  }

  static Fd raw_client() {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    control_socket("test").copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }

  static void send(const Fd& socket, std::string_view bytes) {
    EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  /// Everything up to `lines` line ends or the end.
  static std::string receive(const Fd& socket, long lines) {
    std::string all;
    char chunk[4096];
    while (std::ranges::count(all, '\n') < lines) {
      const ssize_t got = ::recv(socket.get(), chunk, sizeof chunk, 0);
      if (got <= 0) break;
      all.append(chunk, static_cast<std::size_t>(got));
    }
    return all;
  }

  TemporaryDirectory directory_;
  boost::asio::io_context context_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::atomic<int> answered_ = 0;
};

TEST_F(ServerTest, AnswersRequestsOneAfterAnother) {
  Client asking = client();
  for (const char* number : {"1", "2", "3"}) {
    const auto result = asking.call("echo", {{"v", number}});
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(*result, std::stoi(number));
  }
}

TEST_F(ServerTest, ReportsEveryAnswerThatWentOut) {
  Client asking = client();
  ASSERT_TRUE(asking.call("echo", {{"v", "1"}}));
  ASSERT_TRUE(asking.call("echo", {{"v", "2"}}));
  EXPECT_GE(answered_.load(), 1);
}

TEST_F(ServerTest, CarriesARefusalWithItsErrno) {
  const auto result = client().call("echo");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ENOENT);
  EXPECT_EQ(result.error().message, "v: is missing");
}

TEST_F(ServerTest, CarriesAnswersMuchLargerThanASocketBuffer) {
  const std::string large = '"' + std::string(900'000, 'x') + '"';
  const auto result = client().call("echo", {{"v", large}});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->as_string().size(), 900'000);
}

TEST_F(ServerTest, ASlowClientDoesNotHoldUpOthers) {
  const Fd slow = raw_client();
  send(slow, R"({"op": "echo", )");
  const Fd deaf = raw_client();
  const std::string large = R"({"op": "echo", "v": ")" + std::string(800'000, '1') + "\"}\n";
  std::string_view rest = large;
  while (!rest.empty()) {
    const ssize_t sent = ::send(deaf.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    ASSERT_GT(sent, 0);
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  EXPECT_EQ(client().call("echo", {{"v", "7"}}), boost::json::value(7));
  send(slow, "\"v\": \"8\"}\n");
  EXPECT_EQ(receive(slow, 1), "{\"result\":8}\n");
}

TEST_F(ServerTest, AnswersSeveralRequestsOfOnePacketInOrder) {
  const Fd socket = raw_client();
  send(socket, "{\"op\":\"echo\",\"v\":\"1\"}\n{\"op\":\"echo\",\"v\":\"2\"}\n");
  EXPECT_EQ(receive(socket, 2), "{\"result\":1}\n{\"result\":2}\n");
}

TEST_F(ServerTest, RefusesARequestThatIsTooLong) {
  const auto result = client().call("echo", {{"v", std::string(largest_request_bytes, 'x')}});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, EMSGSIZE);
  EXPECT_EQ(client().call("echo", {{"v", "1"}}), boost::json::value(1));
}

TEST_F(ServerTest, SocketIsForItsOwnerOnly) {
  struct stat info{};
  ASSERT_EQ(::stat(control_socket("test").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
}

TEST_F(ServerTest, ReplacesASocketThatNobodyListensTo) {
  const std::string path = directory_ / "stale.sock";
  {
    const Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  boost::asio::io_context context;
  EXPECT_TRUE(Server::listen(context, path, {.answer = reply, .answered = {}}));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ServerTest, RefusesAPathThatDoesNotFitASocket) {
  boost::asio::io_context context;
  const auto listening = Server::listen(context, directory_ / std::string(200, 'x'), {.answer = reply, .answered = {}});
  ASSERT_FALSE(listening.has_value());
  EXPECT_EQ(listening.error().code, ENAMETOOLONG);
}

TEST_F(ServerTest, ClientSaysHowToStartADaemonWhereNoneRuns) {
  const auto connected = Client::connect("other");
  ASSERT_FALSE(connected.has_value());
  EXPECT_EQ(connected.error().code, ENOENT);
  EXPECT_NE(connected.error().message.find("ballast run --instance other"), std::string::npos);
}

}  // namespace
}  // namespace ballast::control
