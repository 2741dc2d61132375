// Replays which real servers ip_vs chose.

#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

/// One recorded run: a service of servers with weights, connections opened and closed, who answered, the final counts.
struct Recorded {
  std::string scheduler, line;
  bool by_mark = false;  ///< many virtual addresses, direct routing
  std::vector<int> weights;
  std::vector<std::string> commands, answers;
  std::vector<std::pair<int, int>> counts;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::string word;
  std::istringstream in(text);
  while (std::getline(in, word, separator)) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

/// The runs of a recording that this build can play: those without edits on the way.
std::vector<Recorded> read_runs(const std::string& name) {
  std::ifstream file(BALLAST_TEST_DIRECTORY "/golden/" + name);
  std::vector<Recorded> runs;
  std::string line;
  while (std::getline(file, line)) {
    const auto columns = split(line, '|');
    if (columns.size() == 5 && !line.contains(';')) {
      Recorded run{.scheduler = columns[0],
                   .line = line,
                   .by_mark = columns[1].contains("fwmark"),
                   .weights = {},
                   .commands = split(columns[3], ' '),
                   .answers = split(columns[4], ' '),
                   .counts = {}};
      for (const auto& weight : split(columns[2], ',')) run.weights.push_back(std::stoi(weight));
      runs.push_back(run);
    } else if (const auto at = line.find("act="); at != std::string::npos) {
      runs.back().counts.emplace_back(std::stoi(line.substr(at + 4)), std::stoi(line.substr(line.find("inact=") + 6)));
    }
  }
  return runs;
}

/// Those of ip_vs whose choices are told by their definition.
const std::map<std::string, abi::scheduler_id> schedulers = {
    {"rr", abi::SCHEDULER_RR},      {"wrr", abi::SCHEDULER_WRR}, {"lc", abi::SCHEDULER_LC},
    {"wlc", abi::SCHEDULER_WLC},    {"sed", abi::SCHEDULER_SED}, {"nq", abi::SCHEDULER_NQ},
    {"sh", abi::SCHEDULER_SH},      {"dh", abi::SCHEDULER_DH},   {"mh", abi::SCHEDULER_MH},
    {"fo", abi::SCHEDULER_FO},      {"ovf", abi::SCHEDULER_OVF}, {"lblc", abi::SCHEDULER_LBLC},
    {"lblcr", abi::SCHEDULER_LBLCR}};

const std::map<std::string, abi::scheduler_id> schedulers_by_chance = {
    {"twos", abi::SCHEDULER_TWOS},
    {"random", abi::SCHEDULER_RANDOM},
    {"weighted-random", abi::SCHEDULER_WEIGHTED_RANDOM}};

const std::map<std::string, abi::scheduler_id> schedulers_by_figures = {{"response-time", abi::SCHEDULER_RESPONSE_TIME},
                                                                        {"capacity", abi::SCHEDULER_CAPACITY}};

std::map<std::string, abi::scheduler_id> all_schedulers() {
  auto all = schedulers;
  all.insert(schedulers_by_chance.begin(), schedulers_by_chance.end());
  all.insert(schedulers_by_figures.begin(), schedulers_by_figures.end());
  return all;
}

class Schedulers : public BothHooks {
 protected:
  struct Client {
    Address address;
    std::uint16_t port = 0;
    Address destination;
    std::size_t server = 0;  ///< 0: refused
  };

  /// Makes a service with servers 10.0.2.11, 10.0.2.12 ... of these weights.
  std::uint32_t balance(abi::scheduler_id scheduler, const std::vector<int>& weights, std::uint32_t flags = 0,
                        abi::forwarding_method method = abi::FORWARD_NAT) {
    PacketPath::of(GetParam());
    const auto service = path().add_service({.scheduler = scheduler, .flags = flags});
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const std::string real = "10.0.2." + std::to_string(11 + i);
      path().add_server(service, {.address = real, .method = method, .weight = weights[i]});
    }
    service_ = service;
    servers_ = weights.size();
    method_ = method;
    next_ = {.address = address("10.0.1.2"), .port = 32768, .destination = address("10.0.1.100")};
    return service;
  }

  void replay(const Recorded& run) {
    const auto words = split(run.scheduler, ' ');
    std::uint32_t flags = 0;
    if (words.size() > 1) {
      flags |= words[1].contains("-fallback") ? SERVICE_SCHED_1 : 0;
      flags |= words[1].contains("-port") ? SERVICE_SCHED_2 : 0;
    }
    balance(schedulers.at(words[0]), run.weights, flags, run.by_mark ? abi::FORWARD_ROUTE : abi::FORWARD_NAT);
    bool next_source = false, next_destination = false;
    std::vector<Client> opened;
    std::vector<std::string> answers;
    for (std::size_t i = 0; i < run.commands.size(); ++i) {
      const std::string& command = run.commands[i];
      if (command == "-S") {
        next_source = true;
        continue;
      }
      if (command.contains('.')) {  // VIP and port
        next_.destination = address(command);
        ++i;
        continue;
      }
      const std::string& argument = run.commands.at(++i);
      if (command == "-s") next_.address = address(argument);
      if (command == "-P") next_.port = static_cast<std::uint16_t>(std::stoi(argument));
      if (command == "v") next_.destination = address(argument);
      if (command == "c") close(opened.at(std::stoul(argument)));
      if (command == "-V") {
        next_.destination = address(argument);
        next_destination = true;
        ++i;
      }
      for (int n = command == "q" || command == "o" ? std::stoi(argument) : 0; n > 0; --n) {
        const Client client = open();
        answers.push_back(client.server == 0 ? "REFUSED" : "rs" + std::to_string(client.server));
        if (command == "o") opened.push_back(client);
        if (command == "q" && client.server != 0) close(client);
        if (next_source) next_.address = Address::ipv4(next_.address.ipv4_value() + 1);
        if (next_destination) next_.destination = Address::ipv4(next_.destination.ipv4_value() + 1);
      }
    }
    EXPECT_EQ(answers, run.answers) << run.line;
    for (std::uint32_t i = 0; i < run.counts.size(); ++i) {
      EXPECT_EQ(path().active_and_inactive(i), run.counts[i]) << "rs" << i + 1 << " in " << run.line;
    }
  }

  /// A new connection, established, of the next client port.
  Client open() {
    Client client = next_;
    ++next_.port;
    path().add_address(service_, client.destination);
    const auto before = loads();
    send(client, syn);
    const auto after = loads();
    for (std::size_t i = 0; i < after.size(); ++i) {
      if (after[i] != before[i]) client.server = i + 1;
    }
    if (client.server == 0) return client;
    reply(client, syn | ack);
    send(client, ack);
    return client;
  }
  void close(const Client& client) {
    send(client, fin | ack);
    reply(client, fin | ack);
    send(client, ack);
  }

  /// How many connections each server has.
  std::vector<int> loads() {
    std::vector<int> all;
    for (std::uint32_t i = 0; i < servers_; ++i) {
      const auto [active, inactive] = path().active_and_inactive(service_ * CHUNK_MEMBERS + i);
      all.push_back(active + inactive);
    }
    return all;
  }

 private:
  void send(const Client& client, std::uint8_t flags) {
    Packet p = tcp_segment("0.0.0.0", client.port, "0.0.0.0", 80, flags);
    p.source = client.address;
    p.destination = client.destination;
    path().send(p);
  }
  void reply(const Client& client, std::uint8_t flags) {
    if (method_ != abi::FORWARD_NAT) return;
    Packet p = tcp_segment("0.0.0.0", 80, "0.0.0.0", client.port, flags);
    p.source = Address::ipv4(address("10.0.2.10").ipv4_value() + static_cast<std::uint32_t>(client.server));
    p.destination = client.address;
    path().send(p);
  }

  Client next_;
  std::uint32_t service_ = 0;
  std::size_t servers_ = 0;
  abi::forwarding_method method_ = abi::FORWARD_NAT;
};
FOR_BOTH_HOOKS(Schedulers);

TEST_P(Schedulers, ChooseTheServersThatIpvsChose) {
  std::map<std::string, int> replayed;
  for (const std::string name : {"sched-basic.txt", "sched-hash.txt", "sched-dest.txt"}) {
    for (const Recorded& run : read_runs(name)) {
      replay(run);
      ++replayed[split(run.scheduler, ' ')[0]];
      if (HasFailure()) return;
    }
  }
  EXPECT_EQ(replayed.size(), schedulers.size());
}

/// The server, from 1 on, that a scheduler which looks at all of them would choose by its definition: 0 without one.
std::size_t best_of(abi::scheduler_id scheduler, const std::vector<int>& weights,
                    const std::vector<std::pair<int, int>>& counts) {
  const auto cost = [&](std::size_t i) -> double {
    const auto [active, inactive] = counts[i];
    switch (scheduler) {
      case abi::SCHEDULER_LC:
        return active * 256 + inactive;
      case abi::SCHEDULER_WLC:
        return (active * 256.0 + inactive) / weights[i];
      case abi::SCHEDULER_NQ:
        if (active == 0) return -1;
        [[fallthrough]];
      case abi::SCHEDULER_SED:
        return (active + 1.0) / weights[i];
      default:  // fo, ovf
        return -weights[i];
    }
  };
  std::size_t best = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {  // of equals the newest
    if (weights[i] == 0 || (scheduler == abi::SCHEDULER_OVF && counts[i].first > weights[i])) continue;
    if (best == 0 || cost(i) <= cost(best - 1)) best = i + 1;
  }
  return best;
}

TEST_P(Schedulers, ThatLookAtAllServersSeeEveryChangeOfOne) {
  constexpr std::array among = {abi::SCHEDULER_LC, abi::SCHEDULER_WLC, abi::SCHEDULER_SED,
                                abi::SCHEDULER_NQ, abi::SCHEDULER_FO,  abi::SCHEDULER_OVF};
  constexpr int servers = 16;
  std::mt19937 chance(17);
  const auto below = [&](int end) { return std::uniform_int_distribution(0, end - 1)(chance); };
  std::vector<int> weights(servers, 2);
  const auto service = balance(among[0], weights);
  std::vector<Client> opened;
  auto scheduler = among[0];
  for (int step = 0; step < 1200; ++step) {
    const int what = below(10);
    if (what == 0) {
      const auto changed = static_cast<std::uint32_t>(below(servers));
      weights[changed] = below(5);
      path().set_weight(service * CHUNK_MEMBERS + changed, weights[changed]);
    } else if (what == 1) {
      scheduler = among[static_cast<std::size_t>(below(among.size()))];
      auto entry = path().service(service);
      entry.scheduler = scheduler;
      path().set_service(service, entry);
    } else if (what < 5 && !opened.empty()) {
      const auto gone = opened.begin() + below(static_cast<int>(opened.size()));
      close(*gone);
      opened.erase(gone);
    } else {
      std::vector<std::pair<int, int>> counts;
      for (std::uint32_t i = 0; i < servers; ++i) {
        counts.push_back(path().active_and_inactive(service * CHUNK_MEMBERS + i));
      }
      const auto expected = best_of(scheduler, weights, counts);
      const Client client = open();
      ASSERT_EQ(client.server, expected) << "step " << step << ", scheduler " << scheduler;
      if (client.server != 0) opened.push_back(client);
    }
  }
}

TEST_P(Schedulers, ByChanceGiveEveryServerItsShare) {
  constexpr int connections = 3000;
  const std::map<std::string, std::vector<double>> shares = {{"random", {1 / 3.0, 1 / 3.0, 1 / 3.0}},
                                                             {"weighted-random", {0.5, 1 / 3.0, 1 / 6.0}}};
  for (const auto& [name, expected] : shares) {
    balance(schedulers_by_chance.at(name), {3, 2, 1, 0});
    for (int i = 0; i < connections; ++i) open();
    const auto counted = loads();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double mean = connections * expected[i], deviation = std::sqrt(mean * (1 - expected[i]));
      EXPECT_NEAR(counted[i], mean, 6 * deviation) << name << " rs" << i + 1;
    }
    EXPECT_EQ(counted[3], 0) << name;
  }
}

TEST_P(Schedulers, TwosKeepsTheLoadsForTheirWeightsNearlyEqual) {
  balance(abi::SCHEDULER_TWOS, {1, 1, 2, 0});
  for (int i = 0; i < 400; ++i) open();
  const auto counted = loads();
  EXPECT_NEAR(counted[0], 100, 30);
  EXPECT_NEAR(counted[1], 100, 30);
  EXPECT_NEAR(counted[2], 200, 30);
  EXPECT_EQ(counted[3], 0);
}

/// A server that was heard of `seconds` ago.
abi::figure heard(std::uint32_t response_us, std::uint32_t load, int seconds = 0) {
  const std::uint32_t then = PacketPath::tick() - PacketPath::ticks(seconds);
  abi::figure figure{};
  figure.response_us = response_us;
  figure.measured = then;
  figure.load = load;
  figure.reported = then;
  return figure;
}

TEST_P(Schedulers, CapacityGoesByTheLoadThatServersReport) {
  constexpr int connections = 3000;
  balance(abi::SCHEDULER_CAPACITY, {1, 1, 1, 1});
  path().set_figure(0, heard(0, 100));
  path().set_figure(1, heard(0, 80));
  path().set_figure(2, heard(0, 100, 60));  // too long ago: as if it were half loaded
  path().set_figure(3, heard(0, 10));
  for (int i = 0; i < connections; ++i) open();
  const auto counted = loads();
  EXPECT_EQ(counted[0], 0);
  EXPECT_NEAR(counted[1], connections * 20 / 160.0, 110);
  EXPECT_NEAR(counted[2], connections * 50 / 160.0, 150);
  EXPECT_NEAR(counted[3], connections * 90 / 160.0, 160);
}

TEST_P(Schedulers, CapacityGoesByWeightsWhereEveryServerIsFullyLoaded) {
  balance(abi::SCHEDULER_CAPACITY, {1, 0});
  path().set_figure(0, heard(0, 100));
  EXPECT_EQ(open().server, 1U);
}

TEST_P(Schedulers, ResponseTimeTakesTheFastestUntilItHasItsShareOfConnections) {
  balance(abi::SCHEDULER_RESPONSE_TIME, {1, 1, 2}, 0, abi::FORWARD_ROUTE);
  path().set_figure(0, heard(100, 0));
  path().set_figure(1, heard(350, 0));
  path().set_figure(2, heard(2000, 0));
  for (int i = 0; i < 4; ++i) open();
  EXPECT_EQ(loads(), (std::vector{3, 1, 0}));
}

TEST_P(Schedulers, ResponseTimeTriesEveryServerOnceOfWhichNothingWasHeardLately) {
  balance(abi::SCHEDULER_RESPONSE_TIME, {1, 1, 1}, 0, abi::FORWARD_ROUTE);
  path().set_figure(0, heard(100, 0));
  path().set_figure(1, heard(50, 0, 60));
  EXPECT_EQ(open().server, 3U);
  EXPECT_EQ(open().server, 2U);
  EXPECT_EQ(open().server, 2U) << "it is known to be fast, and 2 times 50 is not more than 100";
  EXPECT_EQ(open().server, 1U);
}

TEST_P(Schedulers, ResponseTimeMeasuresOneHandshakeAtATimeWithNat) {
  balance(abi::SCHEDULER_RESPONSE_TIME, {1});
  path().send(tcp_segment("10.9.0.1", 1, "10.0.1.100", 80, syn));
  const auto tried = path().figure(0).trial;
  EXPECT_NE(tried, 0U);
  path().send(tcp_segment("10.9.0.1", 2, "10.0.1.100", 80, syn));
  EXPECT_EQ(path().figure(0).trial, tried);
  path().send(tcp_segment("10.0.2.11", 80, "10.9.0.1", 2, syn | ack));
  EXPECT_EQ(path().figure(0).measured, 0U) << "the answer to another one";
  path().send(tcp_segment("10.0.2.11", 80, "10.9.0.1", 1, syn | ack));
  EXPECT_NE(path().figure(0).measured, 0U);
  EXPECT_EQ(path().figure(0).trial, 0U);
}

TEST_P(Schedulers, TakeNoServerThatIsAtItsUpperThreshold) {
  auto heeding = all_schedulers();
  heeding.erase("lblc");  // of ip_vs, which keeps to its server
  for (const auto& [name, id] : heeding) {
    PacketPath::of(GetParam());
    const auto service = path().add_service({.scheduler = id});
    const auto server = path().add_server(service, {.upper = 2});
    for (std::uint16_t port = 1; port <= 4; ++port) path().send(tcp_segment("10.9.0.1", port, "10.0.1.100", 80, syn));
    EXPECT_EQ(path().active_and_inactive(server), std::pair(2, 0)) << name;
    EXPECT_EQ(path().counter("no_server"), 2u) << name;
  }
}

TEST_P(Schedulers, ForgetTheServerOfADestinationThatWasNotUsedForADay) {
  for (const char* name : {"lblc", "lblcr"}) {
    balance(schedulers.at(name), {1, 1, 1});
    EXPECT_EQ(open().server, 3U) << name;
    path().age_destinations(23 * 3600, 0);
    EXPECT_EQ(open().server, 3U) << name;
    path().age_destinations(25 * 3600, 0);
    EXPECT_EQ(open().server, 2U) << name;
  }
}

TEST_P(Schedulers, LblcrTakesTheMostLoadedServerFromASetThatDidNotChangeForADay) {
  balance(abi::SCHEDULER_LBLCR, {1, 1, 1});
  for (int i = 0; i < 5; ++i) open();  // all three join
  EXPECT_EQ(loads(), (std::vector{1, 2, 2}));
  path().age_destinations(0, 25 * 3600);
  for (int i = 0; i < 4; ++i) open();
  EXPECT_EQ(loads(), (std::vector{4, 2, 3})) << "rs2 is not in the set any more";
}

TEST_P(Schedulers, MhFallbackRefusesOnlyWhereNoServerIsLeft) {
  const auto service = balance(abi::SCHEDULER_MH, {1, 1, 1, 1}, SERVICE_SCHED_1);
  for (std::uint32_t i = 0; i < 3; ++i) path().set_weight(service * CHUNK_MEMBERS + i, 0);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(open().server, 4U);
  path().set_weight(service * CHUNK_MEMBERS + 3, 0);
  EXPECT_EQ(open().server, 0U);
}

TEST_P(Schedulers, AnyServerWillDoWhileAServiceIsBetweenTwoSchedulers) {
  for (const auto scheduler : {abi::SCHEDULER_SH, abi::SCHEDULER_DH, abi::SCHEDULER_MH}) {
    const auto port = static_cast<std::uint16_t>(80 + scheduler);
    const auto index = path().add_service({.port = port, .scheduler = scheduler});
    std::uint16_t client_port = 2000;
    const auto send_with_table_of = [&](std::uint64_t slots) {
      auto service = path().service(index);
      service.ring_of_hash = slots;
      path().set_service(index, service);
      path().send(tcp_segment("10.9.0.1", ++client_port, "10.0.1.100", port, syn));
    };
    const std::uint64_t of_another = scheduler == abi::SCHEDULER_MH ? 256 : 4093;
    send_with_table_of(0);
    EXPECT_EQ(path().connection("10.9.0.1", client_port), std::nullopt) << "there is no server";
    path().add_server(index);
    for (const std::uint64_t slots : {std::uint64_t{0}, of_another}) {
      send_with_table_of(slots);
      EXPECT_NE(path().connection("10.9.0.1", client_port), std::nullopt) << scheduler << ", table of " << slots;
    }
  }
}

TEST_P(Schedulers, AWeightOfZeroEndsNewConnectionsAndKeepsOldOnes) {
  for (const auto& [name, id] : all_schedulers()) {
    PacketPath::of(GetParam());
    const auto service = path().add_service({.scheduler = id});
    const auto server = path().add_server(service);
    EXPECT_EQ(path().send(tcp_segment("10.9.0.1", 1, "10.0.1.100", 80, syn)).verdict, Verdict::on) << name;
    path().set_weight(server, 0);
    path().send(tcp_segment("10.9.0.1", 2, "10.0.1.100", 80, syn));
    EXPECT_EQ(path().counter("no_server"), 1u) << name;
    EXPECT_EQ(path().send(tcp_segment("10.9.0.1", 1, "10.0.1.100", 80, ack)).verdict, Verdict::on) << name;
  }
}

TEST_P(Schedulers, TheServiceOfAPortGoesBeforeThatOfAllPorts) {
  const auto all = path().add_service({.port = 0, .persistence = 360});
  path().add_server(all, {.address = "10.0.2.12"});
  auto catch_all = path().server(all * CHUNK_MEMBERS);
  catch_all.port = 0;
  path().set_server(all * CHUNK_MEMBERS, catch_all);
  const auto web = path().add_service({.port = 80});
  path().add_server(web, {.address = "10.0.2.11"});
  const auto server_of = [&](std::uint16_t port) {
    return dissect(path().send(tcp_segment("10.9.0.1", 2000, "10.0.1.100", port, syn)).packet());
  };
  EXPECT_EQ(server_of(80).destination, address("10.0.2.11"));
  EXPECT_EQ(server_of(81).destination, address("10.0.2.12"));
  EXPECT_EQ(server_of(81).destination_port, 81);
}

}  // namespace
}  // namespace ballast::packet_test
