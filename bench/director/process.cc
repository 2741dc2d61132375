#include "process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>
#include <utility>

namespace ballast::bench {
namespace {

constexpr int ending_milliseconds = 5000;
constexpr int step_milliseconds = 20;

std::vector<char*> pointers(const Command& command) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  return words;
}

}  // namespace

Result<std::string> run(const Command& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe");
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  pid_t pid = 0;
  const int code = posix_spawnp(&pid, command.front().c_str(), &actions, nullptr, pointers(command).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return fail_errno(fmt::format("cannot start {}", command.front()), code);
  writing = Fd();
  std::string printed;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t bytes = read(reading.get(), piece.data(), piece.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) break;
    printed.append(piece.data(), static_cast<std::size_t>(bytes));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return fail(fmt::format("{} failed", fmt::join(command, " ")));
  return printed;
}

Command within(const std::string& network_namespace, Command command) {
  Command whole{"ip", "netns", "exec", network_namespace};
  whole.insert(whole.end(), std::make_move_iterator(command.begin()), std::make_move_iterator(command.end()));
  return whole;
}

Result<Background> Background::start(const Command& command, const std::string& log) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  Background started;
  const int code =
      posix_spawnp(&started.pid_, command.front().c_str(), &actions, &attributes, pointers(command).data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return fail_errno(fmt::format("cannot start {}", command.front()), code);
  return started;
}

Background::Background(Background&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

Background& Background::operator=(Background&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

Background::~Background() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  for (int waited = 0; waited < ending_milliseconds; waited += step_milliseconds) {
    if (ended()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(step_milliseconds));
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Background::ended() {
  if (pid_ <= 0) return true;
  const pid_t answer = waitpid(pid_, nullptr, WNOHANG);
  if (answer == 0) return false;
  pid_ = 0;
  return true;
}

}  // namespace ballast::bench
