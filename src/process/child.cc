#include "process/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <utility>

#include "process/account.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): <unistd.h> has it where GNU is asked for

namespace ballast::process {
namespace {

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

void set_nonblocking(const Fd& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

/// Everything that the child needs, made before the fork: behind it, nothing is allocated.
struct Plan {
  std::vector<char*> words;
  std::vector<std::string> variables;
  std::vector<char*> environment;
  std::optional<Account> account;
  int input = -1, output = -1, failure = -1;
};

Result<Plan> plan_for(const Command& command) {
  if (command.words.empty() || command.words.front().empty()) return fail("no program is named", EINVAL);
  Plan plan;
  for (const auto& word : command.words) plan.words.push_back(const_cast<char*>(word.c_str()));
  plan.words.push_back(nullptr);
  for (char** variable = environ; *variable != nullptr; ++variable) plan.variables.emplace_back(*variable);
  for (const auto& [name, value] : command.environment) {
    std::erase_if(plan.variables, [&](const std::string& known) { return known.starts_with(name + "="); });
    plan.variables.push_back(fmt::format("{}={}", name, value));
  }
  for (auto& variable : plan.variables) plan.environment.push_back(variable.data());
  plan.environment.push_back(nullptr);
  if (!command.user.empty()) {
    auto account = find_account(command.user);
    if (!account) return std::unexpected(account.error());
    plan.account = std::move(*account);
  }
  return plan;
}

bool become(const Account& account) {
  if (::geteuid() != 0) return account.user == ::geteuid() && account.group == ::getegid();
  return ::setgroups(account.groups.size(), account.groups.data()) == 0 &&
         ::setresgid(account.group, account.group, account.group) == 0 &&
         ::setresuid(account.user, account.user, account.user) == 0;
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void give_up(int failure) {
  const int code = errno == 0 ? EPERM : errno;
  [[maybe_unused]] const auto written = ::write(failure, &code, sizeof code);
  ::_exit(127);
}

/// The daemon may have more files open than programs expect that look at each number, or use select().
void limit_files() {
  constexpr rlim_t usual = 1024;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::min(files.rlim_max, usual);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

[[noreturn]] void execute(const Plan& plan) {
  constexpr int first_other = 3;
  ::setpgid(0, 0);
  reset_signals();
  if (::getpriority(PRIO_PROCESS, 0) < 0) ::setpriority(PRIO_PROCESS, 0, 0);  // commands are in no hurry
  limit_files();
  errno = 0;
  if (plan.account && !become(*plan.account)) give_up(plan.failure);
  if (::dup2(plan.input, 0) < 0 || ::dup2(plan.output, 1) < 0 || ::dup2(plan.output, 2) < 0) give_up(plan.failure);
  ::syscall(SYS_close_range, first_other, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execvpe(plan.words.front(), plan.words.data(), plan.environment.data());
  give_up(plan.failure);
}

}  // namespace

Result<Child> Child::start(const Command& command) {
  auto plan = plan_for(command);
  if (!plan) return std::unexpected(plan.error());
  auto input = make_pipe();
  if (!input) return std::unexpected(input.error());
  auto output = make_pipe();
  if (!output) return std::unexpected(output.error());
  auto failure = make_pipe();
  if (!failure) return std::unexpected(failure.error());
  plan->input = input->read.get();
  plan->output = output->write.get();
  plan->failure = failure->write.get();

  Child child;
  child.pid_ = ::fork();
  if (child.pid_ < 0) return fail_errno("fork");
  if (child.pid_ == 0) execute(*plan);
  ::setpgid(child.pid_, child.pid_);  // whoever comes first: a signal must find the group
  child.ended_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
  if (!child.ended_) return fail_errno("pidfd_open");
  child.failure_ = std::move(failure->read);
  child.input_ = std::move(input->write);
  child.output_ = std::move(output->read);
  set_nonblocking(child.failure_);
  set_nonblocking(child.input_);
  set_nonblocking(child.output_);
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      reaped_(other.reaped_),
      ended_(std::move(other.ended_)),
      failure_(std::move(other.failure_)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)) {}

void Child::end() {
  if (pid_ <= 0 || reaped_) return;
  signal(SIGKILL);
  reap();
}

void Child::signal(int number) const {
  if (reaped_ || ::kill(-pid_, number) == 0) return;
  ::kill(pid_, number);
}

int Child::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  return status;
}

}  // namespace ballast::process
