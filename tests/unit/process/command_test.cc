#include "process/command.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <csignal>
#include <optional>

namespace ballast::process {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

Result<Exit> run_to_the_end(Command command) {
  boost::asio::io_context context(1);
  std::optional<Result<Exit>> result;
  boost::asio::co_spawn(context, run(std::move(command)), [&](const std::exception_ptr& thrown, Result<Exit> exit) {
    EXPECT_EQ(thrown, nullptr);
    result = std::move(exit);
  });
  context.run();
  return *result;
}

Command shell(std::string script) { return {.words = {"/bin/sh", "-c", std::move(script)}}; }

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

TEST(Run, TellsTheExitStatus) {
  EXPECT_TRUE(run_to_the_end(shell("exit 0"))->success());
  const auto exit = run_to_the_end(shell("exit 7"));
  EXPECT_EQ(exit->status, 7);
  EXPECT_FALSE(exit->success());
  EXPECT_EQ(to_string(*exit), "exit status 7");
}

TEST(Run, TellsTheSignal) {
  const auto exit = run_to_the_end(shell("kill -SEGV $$"));
  EXPECT_EQ(exit->signal, SIGSEGV);
  EXPECT_EQ(to_string(*exit), "killed by SIGSEGV");
}

TEST(Run, KeepsTheFirstBytesOfWhatTheProgramSays) {
  Command command = shell("echo out; echo err >&2; head -c 1000000 /dev/zero");
  command.output_most = 11;
  const auto exit = run_to_the_end(command);
  EXPECT_TRUE(exit->success());
  EXPECT_EQ(exit->output, std::string("out\nerr\n\0\0\0", 11));
}

TEST(Run, GivesInputAndEndsIt) {
  Command command = shell("wc -c");
  command.input = std::string(300000, 'x');
  EXPECT_EQ(run_to_the_end(command)->output, "300000\n");
  EXPECT_EQ(run_to_the_end(shell("wc -c"))->output, "0\n");
}

TEST(Run, AProgramThatDoesNotReadItsInputIsNoHarm) {
  Command command = shell("exec true");
  command.input = std::string(300000, 'x');
  std::signal(SIGPIPE, SIG_IGN);
  EXPECT_TRUE(run_to_the_end(command)->success());
}

TEST(Run, AddsToTheEnvironment) {
  ::setenv("BALLAST_TEST_KEPT", "kept", 1);
  ::setenv("BALLAST_TEST_SET", "old", 1);
  Command command = shell("echo $BALLAST_TEST_KEPT $BALLAST_TEST_SET");
  command.environment = {{"BALLAST_TEST_SET", "new"}};
  EXPECT_EQ(run_to_the_end(command)->output, "kept new\n");
}

TEST(Run, SaysWhyAProgramCannotBeStarted) {
  const auto missing = run_to_the_end({.words = {"/nonexistent/check", "-a"}});
  EXPECT_EQ(missing.error().code, ENOENT);
  EXPECT_EQ(missing.error().message, "/nonexistent/check: No such file or directory");
  EXPECT_EQ(run_to_the_end({.words = {"/etc/passwd"}}).error().code, EACCES);
  EXPECT_EQ(run_to_the_end({.words = {}}).error().code, EINVAL);
  EXPECT_FALSE(has_children());
}

TEST(Run, AProgramThatDoesNotEndIsKilledWithItsChildren) {
  Command command = shell("echo before; sleep 1000 & sleep 1000");
  command.timeout = 200ms;
  const auto exit = run_to_the_end(command);
  EXPECT_TRUE(exit->timed_out);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_EQ(exit->output, "before\n");
  EXPECT_THAT(to_string(*exit), StartsWith("killed after 0."));
  EXPECT_FALSE(has_children());
}

TEST(Run, GraceLetsAProgramTidyUp) {
  Command command = shell("trap 'echo tidied; exit 3' TERM; while :; do sleep 0.01; done");
  command.timeout = 300ms;
  command.grace = 60s;
  const auto exit = run_to_the_end(command);
  EXPECT_TRUE(exit->timed_out);
  EXPECT_EQ(exit->status, 3);
  EXPECT_THAT(exit->output, HasSubstr("tidied"));
}

TEST(Run, SomethingLeftInTheBackgroundDoesNotHoldItUp) {
  const auto exit = run_to_the_end(shell("sleep 2 & echo started"));
  EXPECT_TRUE(exit->success());
  EXPECT_EQ(exit->output, "started\n");
  EXPECT_LT(exit->took, 2s);
}

TEST(Run, SignalsAreAtTheirDefaults) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  const auto exit = run_to_the_end({.words = {"grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"}});
  ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
  EXPECT_EQ(exit->output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(Run, IsInNoGreaterHurryThanOthers) {
  constexpr int ahead = -5;
  const int before = ::getpriority(PRIO_PROCESS, 0);
  if (::setpriority(PRIO_PROCESS, 0, ahead) != 0) GTEST_SKIP() << "needs CAP_SYS_NICE";
  EXPECT_EQ(run_to_the_end(shell("nice"))->output, "0\n");
  ::setpriority(PRIO_PROCESS, 0, before);
}

TEST(Run, HasNoDescriptorsOfOurs) {
  const int kept = ::dup(2);
  EXPECT_EQ(run_to_the_end(shell("ls /proc/$$/fd | tr '\\n' ' '"))->output, "0 1 2 ");
  ::close(kept);
}

TEST(Run, RunsAsAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  Command command = shell("id -u; id -g; id -G");
  command.user = "nobody";
  EXPECT_EQ(run_to_the_end(command)->output, "65534\n65534\n65534\n");
  command.user = "nobody:daemon";
  EXPECT_EQ(run_to_the_end(command)->output, "65534\n1\n1\n");
  command.user = "65534:1";
  EXPECT_EQ(run_to_the_end(command)->output, "65534\n1\n1\n");
  command.user = "no-such-user";
  EXPECT_EQ(run_to_the_end(command).error().message, "there is no user 'no-such-user'");
}

TEST(Run, ADestroyedCoroutineLeavesNothing) {
  {
    boost::asio::io_context context(1);
    boost::asio::co_spawn(context, run(shell("sleep 1000 & sleep 1000")), boost::asio::detached);
    context.run_for(100ms);
    EXPECT_TRUE(::waitpid(-1, nullptr, WNOHANG | WNOWAIT) >= 0 || errno != ECHILD);
  }
  EXPECT_FALSE(has_children());
}

}  // namespace
}  // namespace ballast::process
