#include <gtest/gtest.h>

#include "cli/ipvsadm/format.h"
#include "known_names.h"
#include "recording.h"
#include "session.h"

namespace ballast::ipvsadm {
namespace {

net::Endpoint at(std::string_view text) { return *net::Endpoint::parse(text); }

/// A service with one server, with counters of every magnitude.
control::ServiceView counted_service() {
  const control::Stats service{1234567, 123456789, 0, 98765432109, 987654321098765};
  const control::Stats server{12345678, 99999999, 100000000, 1000000000, 100000000000};
  control::ServiceView view;
  view.service.key = cluster::AddressKey{cluster::Protocol::tcp, at("10.0.0.1:80")};
  view.stats = service;
  view.rates = {12, 345, 0, 123456000, 0};
  auto& shown = view.servers.emplace_back();
  shown.server.endpoint = at("192.168.10.2:80");
  shown.stats = server;
  shown.rates = {1, 22, 333, 4444, 123456000};
  return view;
}

TEST(Lists, AbbreviateCountersFromAHundredMillion) {
  EXPECT_EQ(service_text(counted_service(), Columns::stats, false, nullptr),
            "TCP  10.0.0.1:80                   1234567  123456K        0   98765M     987T\n"
            "  -> 192.168.10.2:80              12345678 99999999  100000K    1000M     100G\n");
}

TEST(Lists, ShowCountersInFullWhereExact) {
  EXPECT_EQ(service_text(counted_service(), Columns::stats, true, nullptr),
            "TCP  10.0.0.1:80                   1234567 123456789        0 98765432109 987654321098765\n"
            "  -> 192.168.10.2:80              12345678 99999999 100000000 1000000000 100000000000\n");
}

TEST(Lists, AbbreviateTheBytesOfRates) {
  EXPECT_EQ(title(Columns::rate) + service_text(counted_service(), Columns::rate, false, nullptr),
            "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n"
            "  -> RemoteAddress:Port\n"
            "TCP  10.0.0.1:80                        12      345        0  123456K        0\n"
            "  -> 192.168.10.2:80                     1       22      333     4444  123456K\n");
}

TEST(Lists, NeverAbbreviateTheCountsOfAServersRates) {
  auto view = counted_service();
  view.servers[0].rates = {123456789, 1, 1, 0, 0};
  EXPECT_EQ(service_text(view, Columns::rate, false, nullptr).substr(79),
            "  -> 192.168.10.2:80              123456789        1        1        0        0\n");
}

TEST(Lists, ShowWhatServersAreDoing) {
  auto view = counted_service();
  view.servers[0].server.weight = 100;
  view.servers[0].server.upper_threshold = 100;
  view.servers[0].server.lower_threshold = 75;
  view.servers[0].active = 10;
  view.servers[0].inactive = 2345;
  view.servers[0].persistent = 7;
  const auto server_line = [&](Columns columns) {
    const auto text = service_text(view, columns, false, nullptr);
    return text.substr(text.find('\n') + 1);
  };
  EXPECT_EQ(server_line(Columns::plain), "  -> 192.168.10.2:80              Route   100    10         2345      \n");
  EXPECT_EQ(server_line(Columns::thresholds),
            "  -> 192.168.10.2:80              100        75         10         2345      \n");
  EXPECT_EQ(server_line(Columns::persistent_connections),
            "  -> 192.168.10.2:80              100       7           10         2345      \n");
}

TEST(Lists, ShowTunnels) {
  auto view = counted_service();
  auto& server = view.servers[0].server;
  server.forward = cluster::ForwardingMethod::tunnel;
  const auto info = [&](cluster::Tunnel tunnel) {
    server.tunnel = tunnel;
    const auto text = service_text(view, Columns::tunnel_info, false, nullptr);
    return text.substr(text.find("Tunnel") + 8, 14);
  };
  using cluster::TunnelChecksum;
  using cluster::TunnelType;
  EXPECT_EQ(info({}), "ipip          ");
  EXPECT_EQ(info({TunnelType::gue, 6080, TunnelChecksum::remote}), "gue:6080:r+c  ");
  EXPECT_EQ(info({TunnelType::gue, 65535, TunnelChecksum::none}), "gue:65535:-c  ");
  EXPECT_EQ(info({TunnelType::gre, 0, TunnelChecksum::full}), "gre:+c        ");
}

std::vector<control::ConnectionView> recorded_connections() {
  constexpr std::uint8_t tcp = 6;
  constexpr std::uint8_t udp = 17;
  constexpr std::uint8_t none = 0;
  return {
      {tcp, at("10.0.9.77:0"), at("10.0.9.77:80"), at("10.0.8.1:8080"), "NONE", 49, {}},
      {udp, at("10.0.9.1:48235"), at("10.0.9.1:99"), at("10.0.8.1:99"), "UDP", 299, {}},
      {udp, at("10.0.9.1:44981"), at("10.0.9.1:53"), at("10.0.8.1:5353"), "UDP", 299, {}},
      {udp, at("[fd00::66]:59229"), at("[fd00::66]:53"), at("[fd00::1]:53"), "UDP", 299, {}},
      {tcp, at("10.0.9.77:47524"), at("10.0.9.77:80"), at("10.0.8.1:8080"), "CLOSE", 9, {}},
      {none, at("10.0.9.1:0"), at("0.0.0.7:0"), at("10.0.8.1:0"), "NONE", 76, {}},
  };
}

TEST(Lists, ShowConnectionsAsRecorded) {
  Session session;
  session.table.open_connections = recorded_connections();
  const auto steps = read_recording("ipvsadm-connections.txt");
  ASSERT_EQ(steps.size(), 3u);
  for (const auto& step : steps) {
    SCOPED_TRACE(step.command);
    EXPECT_EQ(session.run(split_words(step.command)).output, step.output);
  }
}

TEST(Lists, CountTheMinutesOfAConnectionBeyondAnHour) {
  const control::ConnectionView connection{
      132, at("192.168.10.50:55557"), at("10.0.0.1:3868"), at("192.168.10.12:3868"), "ESTABLISHED", 2678400, {}};
  EXPECT_EQ(connection_text(connection, nullptr),
            "SCTP 44640:00 ESTABLISHED 192.168.10.50:55557 10.0.0.1:3868      192.168.10.12:3868\n");
}

}  // namespace
}  // namespace ballast::ipvsadm
