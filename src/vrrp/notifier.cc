#include "vrrp/notifier.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "process/command.h"
#include "process/words.h"

namespace ballast::vrrp {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::minutes command_limit{1};

std::string_view state_word(State state) {
  switch (state) {
    case State::active:
      return "MASTER";
    case State::backup:
      return "BACKUP";
    case State::fault:
      return "FAULT";
    case State::initialize:
      break;
  }
  return "STOP";
}

std::string_view kind_word(const Event& event) { return event.of_group ? "GROUP" : "INSTANCE"; }

const std::string& state_command(const Event& event) {
  static const std::string none;
  if (event.kind == Event::Kind::stopped) return event.notify.stop;
  if (event.kind == Event::Kind::deleted) return event.notify.deleted;
  if (event.kind == Event::Kind::lower_priority) return event.notify.master_receives_lower_priority;
  if (event.kind == Event::Kind::priority) return none;
  if (event.state == State::active) return event.notify.master;
  if (event.state == State::backup) return event.notify.backup;
  return event.state == State::fault ? event.notify.fault : none;
}

// Arguments of co_await are named: GCC 12 destroys temporaries in them twice.

asio::awaitable<void> run_reader(process::Command command) {
  const std::string program = command.words.front();
  const auto exit = co_await process::run(std::move(command));
  log::warning("VRRP: {}: {}", program, exit ? to_string(*exit) : exit.error().message);
}

asio::awaitable<void> run_command(std::string text, std::string user, std::string instance) {
  auto words = process::split_words(text);
  if (!words) {
    log::warning("VRRP {}: command '{}': {}", instance, text, words.error().message);
    co_return;
  }
  process::Command command;
  command.words = std::move(*words);
  command.user = std::move(user);
  command.timeout = command_limit;
  const auto exit = co_await process::run(std::move(command));
  if (!exit) log::warning("VRRP {}: command '{}': {}", instance, text, exit.error().message);
  if (exit && !exit->success()) log::warning("VRRP {}: command '{}': {}", instance, text, to_string(*exit));
}

}  // namespace

std::string word_of(const Event& event) {
  switch (event.kind) {
    case Event::Kind::stopped:
      return "STOP";
    case Event::Kind::deleted:
      return "DELETED";
    case Event::Kind::priority:
      return fmt::format("{}_PRIORITY", state_word(event.state));
    case Event::Kind::lower_priority:
      return "MASTER_RX_LOWER_PRI";
    case Event::Kind::state:
      break;
  }
  return std::string(state_word(event.state));
}

std::string fifo_line(const Event& event) {
  return fmt::format("{} \"{}\" {} {}", kind_word(event), event.name, word_of(event), event.priority);
}

std::vector<std::string> commands_of(const Event& event) {
  std::vector<std::string> commands;
  if (!state_command(event).empty()) commands.push_back(state_command(event));
  const bool all = event.kind != Event::Kind::priority || event.notify.priority_changes;
  if (!event.notify.any.empty() && all) {
    commands.push_back(fmt::format("{} {} '{}' {} {}", event.notify.any, kind_word(event), event.name, word_of(event),
                                   event.priority));
  }
  return commands;
}

Notifier::~Notifier() { *alive_ = false; }

void Notifier::configure(const std::string& fifo, const std::string& fifo_command) {
  if (fifo == fifo_path_ && fifo_command == fifo_command_) return;
  fifo_path_ = fifo;
  fifo_command_ = fifo_command;
  fifo_ = Fd();
  if (fifo.empty()) return;
  if (::mkfifo(fifo.c_str(), 0600) != 0 && errno != EEXIST) {
    log::error("VRRP: cannot make the FIFO {}: {}", fifo, std::strerror(errno));
    return;
  }
  fifo_ = Fd(::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!fifo_) log::error("VRRP: cannot open the FIFO {}: {}", fifo, std::strerror(errno));
  if (fifo_command.empty()) return;
  auto words = process::split_words(fifo_command).value_or(std::vector<std::string>{});
  words.push_back(fifo);
  process::Command command;
  command.words = std::move(words);
  asio::co_spawn(context_, run_reader(std::move(command)), asio::detached);
}

void Notifier::write_line(const std::string& line) {
  if (!fifo_) return;
  const std::string text = line + "\n";
  const bool written = ::write(fifo_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written && !fifo_full_) log::warning("VRRP: nobody reads the FIFO {}: lines are lost", fifo_path_);
  fifo_full_ = !written;
}

void Notifier::notify(const Event& event) {
  if (event.kind != Event::Kind::priority || event.notify.priority_changes) write_line(fifo_line(event));
  for (auto& command : commands_of(event)) {
    auto& queue = jobs_[event.name];
    queue.push_back({.command = std::move(command), .user = event.notify.user});
    if (queue.size() == 1) start_next(event.name);
  }
}

void Notifier::start_next(const std::string& name) {
  const Job job = jobs_[name].front();
  asio::co_spawn(context_, run_command(job.command, job.user, name),
                 [this, name, alive = alive_](const std::exception_ptr&) {
                   if (!*alive) return;
                   auto& queue = jobs_[name];
                   queue.pop_front();
                   if (!queue.empty()) start_next(name);
                 });
}

void Notifier::finish(std::chrono::milliseconds limit) {
  const Time until = Clock::now() + limit;
  const auto busy = [&] { return std::ranges::any_of(jobs_, [](const auto& entry) { return !entry.second.empty(); }); };
  while (busy() && Clock::now() < until) context_.run_one_until(until);
}

}  // namespace ballast::vrrp
