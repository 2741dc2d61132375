#include "cli/ipvsadm/client_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "control/json.h"
#include "session.h"

namespace ballast::ipvsadm {
namespace {

using boost::json::object;
using testing::ElementsAre;
using testing::HasSubstr;

/// A place for sockets, and a listener on the one of instance "test" that gives the answers it was told, one per
/// request.
class Daemon {
 public:
  explicit Daemon(std::vector<std::string> answers) : answers_(std::move(answers)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory() + "/test/control.sock";
    std::filesystem::create_directories(directory() + "/test");
    std::filesystem::remove(path);
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~Daemon() {
    if (thread_.joinable()) thread_.join();
  }
  /// Waits until every answer was given; then what was asked.
  const std::vector<std::string>& requests() {
    thread_.join();
    return requests_;
  }

  static std::string directory() { return testing::TempDir() + "ipvsadm-" + std::to_string(::getpid()); }

 private:
  void serve() {
    pollfd waited{listener_.get(), POLLIN, 0};
    if (::poll(&waited, 1, 10000) != 1) return;
    const Fd connection(::accept(listener_.get(), nullptr, nullptr));
    const timeval patience{10, 0};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string received;
    for (const auto& answer : answers_) {
      while (received.find('\n') == std::string::npos) {
        char chunk[4096];
        const auto got = ::recv(connection.get(), chunk, sizeof chunk, 0);
        if (got <= 0) return;
        received.append(chunk, static_cast<std::size_t>(got));
      }
      requests_.push_back(received.substr(0, received.find('\n')));
      received.erase(0, received.find('\n') + 1);
      const std::string line = answer + "\n";
      ::send(connection.get(), line.data(), line.size(), MSG_NOSIGNAL);
    }
  }

  std::vector<std::string> answers_;
  std::vector<std::string> requests_;
  Fd listener_;
  std::thread thread_;
};

class ClientTableTest : public testing::Test {
 protected:
  void SetUp() override { ::setenv("BALLAST_RUNTIME_DIRECTORY", Daemon::directory().c_str(), 1); }
  void TearDown() override {
    ::unsetenv("BALLAST_RUNTIME_DIRECTORY");
    std::filesystem::remove_all(Daemon::directory());
  }

  Session::Printed run(const std::vector<std::string>& words) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const int exit_code = ipvsadm_main(words, table, names, {in, out, err});
    return {out.str(), err.str(), exit_code};
  }

  ClientTable table{"test"};
  KnownNames names;
};

const cluster::ServiceKey web = cluster::AddressKey{cluster::Protocol::tcp, *net::Endpoint::parse("10.0.0.1:80")};

std::string result(const boost::json::value& value) { return boost::json::serialize(object{{"result", value}}); }

TEST_F(ClientTableTest, WithoutADaemonSaysHowToStartOne) {
  const auto printed = run({"ipvsadm", "-Ln"});
  EXPECT_EQ(printed.exit_code, 2);
  EXPECT_THAT(printed.errors, HasSubstr("Can't initialize ipvs: no ballast daemon answers"));
  EXPECT_THAT(printed.errors, HasSubstr("ballast run"));
}

TEST_F(ClientTableTest, RefusesAnInstanceThatCannotBe) {
  table = ClientTable("a/b");
  EXPECT_THAT(run({"ipvsadm", "-C"}).errors, HasSubstr("instance name 'a/b' is not usable"));
}

TEST_F(ClientTableTest, ListsServicesOfTheDaemon) {
  control::ServiceView view;
  view.service.key = web;
  view.servers.emplace_back().server.endpoint = *net::Endpoint::parse("10.0.1.1:80");
  view.servers[0].active = 3;
  Daemon daemon({result(control::to_json(std::vector{view}))});
  EXPECT_THAT(run({"ipvsadm", "-Ln"}).output, HasSubstr("TCP  10.0.0.1:80 wlc\n"
                                                        "  -> 10.0.1.1:80                  Route   1      3 "));
  EXPECT_THAT(daemon.requests(), ElementsAre(R"({"op":"services"})"));
}

TEST_F(ClientTableTest, MakesTheChangesOfATransactionInOneRequest) {
  Daemon daemon({R"({"result":[null,{"code":17,"message":"exists already"}]})"});
  ASSERT_TRUE(table.open());
  table.begin();
  EXPECT_TRUE(table.clear());
  EXPECT_TRUE(table.delete_service(web));
  const auto made = table.commit();
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->size(), 2);
  EXPECT_TRUE(made->at(0));
  EXPECT_EQ(made->at(1).error().code, EEXIST);
  EXPECT_THAT(daemon.requests(),
              ElementsAre(R"({"operations":[{"op":"clear"},{"key":{"protocol":"tcp","endpoint":"10.0.0.1:80"},)"
                          R"("op":"delete_service"}],"op":"transaction"})"));
}

TEST_F(ClientTableTest, AsksForAllPagesOfConnections) {
  control::ConnectionView view;
  view.protocol = 6;
  view.state = "ESTABLISHED";
  const auto page = [&](const char* client, const boost::json::value& cursor) {
    view.client = *net::Endpoint::parse(client);
    return result(object{{"connections", control::to_json(std::vector{view})}, {"cursor", cursor}});
  };
  const std::string empty_page = result(object{{"connections", boost::json::array{}}, {"cursor", 900}});
  Daemon daemon({page("10.9.0.1:1", 7), empty_page, page("10.9.0.2:2", nullptr)});
  const auto printed = run({"ipvsadm", "-Lnc"});
  EXPECT_THAT(printed.output, HasSubstr("10.9.0.1:1 "));
  EXPECT_THAT(printed.output, HasSubstr("10.9.0.2:2 "));
  std::vector<boost::json::value> cursors;
  for (const auto& request : daemon.requests()) cursors.push_back(boost::json::parse(request).at("cursor"));
  EXPECT_THAT(cursors, ElementsAre(0, 7, 900));
}

TEST_F(ClientTableTest, PrintsARefusalAsTheRealCommandDoes) {
  const std::string refused = R"({"error":{"code":17,"message":"service tcp 10.0.0.1:80: exists already"}})";
  Daemon daemon({refused});
  const auto printed = run({"ipvsadm", "-A", "-t", "10.0.0.1:80"});
  EXPECT_EQ(printed.errors, "Service already exists\n");
  EXPECT_EQ(printed.exit_code, 255);
}

TEST_F(ClientTableTest, SendsWhatACommandSays) {
  Daemon daemon({result(nullptr), result(nullptr), result(nullptr), result(nullptr), result(nullptr)});
  EXPECT_EQ(run({"ipvsadm", "-A", "-t", "10.0.0.1:80", "-s", "rr"}).exit_code, 0);
  EXPECT_EQ(run({"ipvsadm", "-a", "-t", "10.0.0.1:80", "-r", "10.0.1.1", "-m", "-w", "9"}).exit_code, 0);
  EXPECT_EQ(run({"ipvsadm", "-d", "-t", "10.0.0.1:80", "-r", "10.0.1.1"}).exit_code, 0);
  EXPECT_EQ(run({"ipvsadm", "-Z"}).exit_code, 0);
  EXPECT_EQ(run({"ipvsadm", "--set", "1", "0", "3"}).exit_code, 0);

  std::vector<boost::json::value> asked;
  for (const auto& request : daemon.requests()) asked.push_back(boost::json::parse(request));
  ASSERT_EQ(asked.size(), 5u);
  const auto service = control::from_json<cluster::VirtualService>(asked[0].at("service"));
  ASSERT_TRUE(service);
  EXPECT_EQ(service->key, web);
  EXPECT_EQ(service->scheduler, "rr");
  const auto server = control::from_json<cluster::RealServer>(asked[1].at("server"));
  ASSERT_TRUE(server);
  EXPECT_EQ(server->endpoint, *net::Endpoint::parse("10.0.1.1:80"));
  EXPECT_EQ(server->weight, 9u);
  EXPECT_EQ(server->forward, cluster::ForwardingMethod::nat);
  EXPECT_EQ(control::from_json<net::Endpoint>(asked[2].at("endpoint")), *net::Endpoint::parse("10.0.1.1:80"));
  EXPECT_EQ(asked[3], (object{{"op", "zero"}}));
  const auto timeouts = control::from_json<cluster::Timeouts>(asked[4].at("timeouts"));
  using std::chrono::seconds;
  EXPECT_EQ(timeouts, (cluster::Timeouts{seconds(1), seconds(0), seconds(3)}));
}

TEST_F(ClientTableTest, ListsTheMasterOfSynchronisationBeforeTheBackup) {
  control::SyncView view;
  view.kernel.push_back(
      {{.backup = true, .interface = "dir0", .id = 5, .group = {}, .message_bytes = 1472}, 0, 0, 0, 0});
  view.kernel.push_back({{.master = true, .interface = "dir0", .group = {}, .message_bytes = 1472}, 0, 0, 0, 0});
  for (auto& kernel : view.kernel) kernel.daemon.group = net::Address::parse("224.0.0.81");
  Daemon daemon({result(control::to_json(view))});
  EXPECT_EQ(run({"ipvsadm", "-L", "--daemon"}).output,
            "master sync daemon (mcast=dir0, syncid=0, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n"
            "backup sync daemon (mcast=dir0, syncid=5, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n");
}

TEST_F(ClientTableTest, StartsAndStopsSynchronisation) {
  Daemon daemon({result(nullptr), R"({"error":{"code":3,"message":"no daemon of that role runs"}})"});
  EXPECT_EQ(run({"ipvsadm", "--start-daemon", "master", "--mcast-interface", "eth1", "--syncid", "7"}).exit_code, 0);
  EXPECT_EQ(run({"ipvsadm", "--stop-daemon", "backup"}).errors, "No daemon is running\n");
  const auto asked = boost::json::parse(daemon.requests().front());
  EXPECT_EQ(asked.at("op"), "start_kernel_sync");
  const auto started = control::from_json<cluster::KernelSync>(asked.at("daemon"));
  ASSERT_TRUE(started);
  EXPECT_TRUE(started->master);
  EXPECT_FALSE(started->backup);
  EXPECT_EQ(started->interface, "eth1");
  EXPECT_EQ(started->id, 7);
}

}  // namespace
}  // namespace ballast::ipvsadm
