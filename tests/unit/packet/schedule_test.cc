// Replays which real servers ip_vs chose.

#include <fstream>
#include <map>
#include <sstream>

#include "packet_path.h"

namespace ballast::packet_test {
namespace {

/// One recorded run: a service of servers with weights, connections opened and closed, who answered, the final counts.
struct Recorded {
  std::string scheduler, line;
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

std::vector<Recorded> read_runs() {
  std::ifstream file(BALLAST_TEST_DIRECTORY "/golden/schedulers.txt");
  std::vector<Recorded> runs;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("#")) continue;
    const auto columns = split(line, '|');
    if (columns.size() == 5) {
      Recorded run{.scheduler = columns[0],
                   .line = line,
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

const std::map<std::string, abi::scheduler_id> schedulers = {
    {"rr", abi::SCHEDULER_RR},   {"wrr", abi::SCHEDULER_WRR}, {"lc", abi::SCHEDULER_LC}, {"wlc", abi::SCHEDULER_WLC},
    {"sed", abi::SCHEDULER_SED}, {"nq", abi::SCHEDULER_NQ},   {"sh", abi::SCHEDULER_SH}};

class Schedulers : public BothHooks {
 protected:
  struct Client {
    std::uint32_t address = 0x0a000102;
    std::uint16_t port = 0;
    int server = 0;
  };

  void replay(const Recorded& run) {
    const auto words = split(run.scheduler, ' ');
    std::uint32_t flags = 0;
    if (words.size() > 1) {
      flags |= words[1].find("sh-fallback") != std::string::npos ? SERVICE_SCHED_1 : 0;
      flags |= words[1].find("sh-port") != std::string::npos ? SERVICE_SCHED_2 : 0;
    }
    PacketPath::of(GetParam());
    const auto service = path().add_service({.scheduler = schedulers.at(words[0]), .flags = flags});
    for (std::size_t i = 0; i < run.weights.size(); ++i) {
      const std::string real = "10.0.2." + std::to_string(11 + i);
      path().add_server(service, {.address = real, .weight = run.weights[i]});
    }
    next_ = {.address = 0x0a000102, .port = 32768};
    step_ = false;
    opened_.clear();
    std::vector<std::string> answers;
    for (std::size_t i = 0; i < run.commands.size(); ++i) {
      const std::string& command = run.commands[i];
      if (command == "-S") {
        step_ = true;
        continue;
      }
      const std::string& argument = run.commands.at(++i);
      if (command == "-s") next_.address = address(argument).ipv4_value();
      if (command == "-P") next_.port = static_cast<std::uint16_t>(std::stoi(argument));
      if (command == "c") close(opened_.at(std::stoul(argument)));
      for (int n = command == "q" || command == "o" ? std::stoi(argument) : 0; n > 0; --n) {
        const Client client = open(answers);
        if (command == "o") opened_.push_back(client);
        if (command == "q" && client.server != 0) close(client);
      }
    }
    EXPECT_EQ(answers, run.answers) << run.line;
    for (std::uint32_t i = 0; i < run.counts.size(); ++i) {
      EXPECT_EQ(path().active_and_inactive(i), run.counts[i]) << "rs" << i + 1 << " in " << run.line;
    }
  }

 private:
  Client open(std::vector<std::string>& answers) {
    Client client = next_;
    ++next_.port;
    if (step_) ++next_.address;
    const Dissected sent = dissect(send(client, syn));
    if (sent.protocol != tcp) {
      answers.emplace_back("REFUSED");
      return client;
    }
    client.server = static_cast<int>(sent.destination.ipv4_value() - 0x0a00020a);
    answers.push_back("rs" + std::to_string(client.server));
    reply(client, syn | ack);
    send(client, ack);
    return client;
  }
  void close(const Client& client) {
    send(client, fin | ack);
    reply(client, fin | ack);
    send(client, ack);
  }
  Bytes send(const Client& client, std::uint8_t flags) {
    Packet p = tcp_segment("10.0.1.2", client.port, "10.0.1.100", 80, flags);
    p.source = Address::ipv4(client.address);
    return path().send(p).packet();
  }
  void reply(const Client& client, std::uint8_t flags) {
    Packet p = tcp_segment("10.0.2.1" + std::to_string(client.server), 80, "10.0.1.2", client.port, flags);
    p.destination = Address::ipv4(client.address);
    path().send(p);
  }

  Client next_;
  bool step_ = false;
  std::vector<Client> opened_;
};
FOR_BOTH_HOOKS(Schedulers);

TEST_P(Schedulers, ChooseTheServersThatIpvsChose) {
  std::map<std::string, int> replayed;
  for (const Recorded& run : read_runs()) {
    replay(run);
    ++replayed[split(run.scheduler, ' ')[0]];
    if (HasFailure()) break;
  }
  EXPECT_EQ(replayed.size(), schedulers.size());
  for (const auto& [name, runs] : replayed) EXPECT_GE(runs, 8) << name;
}

TEST_P(Schedulers, AWeightOfZeroEndsNewConnectionsAndKeepsOldOnes) {
  for (const auto& [name, id] : schedulers) {
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
