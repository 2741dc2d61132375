#include "process/command.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <csignal>
#include <memory>

#include "process/child.h"

namespace ballast::process {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

/// One run. Handlers hold it, so that it outlives whatever is still under way.
struct Run : std::enable_shared_from_this<Run> {
  Run(const asio::any_io_executor& executor, Command wanted, Child started)
      : command(std::move(wanted)),
        child(std::move(started)),
        ended(executor, ::dup(child.ended().get())),
        failure(executor, ::dup(child.failure().get())),
        input(executor, child.input().release()),
        output(executor, ::dup(child.output().get())),
        timer(executor) {}

  /// Kills the group when its time is over, after a grace if it has one.
  void limit() {
    if (command.timeout.count() == 0) return;
    timer.expires_after(command.timeout);
    timer.async_wait([self = shared_from_this()](const error_code& wrong) {
      if (!wrong) self->time_is_over();
    });
  }

  void time_is_over() {
    timed_out = true;
    if (command.grace.count() == 0) return child.signal(SIGKILL);
    child.signal(SIGTERM);
    timer.expires_after(command.grace);
    timer.async_wait([self = shared_from_this()](const error_code& wrong) {
      if (!wrong) self->child.signal(SIGKILL);
    });
  }

  void feed() {
    if (command.input.empty()) return input.close();
    asio::async_write(input, asio::buffer(command.input),
                      [self = shared_from_this()](const error_code&, std::size_t) { self->input.close(); });
  }

  /// Reads what the program says, so that it is never held up by a full pipe.
  void listen() {
    output.async_read_some(asio::buffer(block),
                           [self = shared_from_this()](const error_code& wrong, std::size_t bytes) {
                             if (wrong) return;
                             self->keep(bytes);
                             self->listen();
                           });
  }

  void keep(std::size_t bytes) {
    said.append(block.data(), std::min(bytes, command.output_most - std::min(said.size(), command.output_most)));
  }

  /// What is in the pipe after the program's end; others may have it open and go on.
  void listen_to_the_rest() {
    output.cancel();
    ssize_t bytes = 0;
    while (said.size() < command.output_most &&
           (bytes = ::read(child.output().get(), block.data(), block.size())) > 0) {
      keep(static_cast<std::size_t>(bytes));
    }
  }

  void close() {
    timer.cancel();
    error_code ignored;
    for (Descriptor* descriptor : {&ended, &failure, &input, &output}) descriptor->close(ignored);
  }

  Command command;
  Child child;
  Descriptor ended, failure, input, output;
  asio::steady_timer timer;
  bool timed_out = false;
  std::string said;
  std::array<char, 4096> block{};
};

/// Ends a run's handlers, and with the last of them the program, however the coroutine ends.
struct Closer {
  std::shared_ptr<Run> run;
  explicit Closer(std::shared_ptr<Run> closed) : run(std::move(closed)) {}
  Closer(const Closer&) = delete;
  Closer& operator=(const Closer&) = delete;
  ~Closer() {
    run->close();
    run->child.end();
  }
};

/// The errno with which executing the program failed, or 0.
asio::awaitable<int> execution_failure(Run& run) {
  int code = 0;
  error_code wrong;
  const std::size_t bytes = co_await asio::async_read(run.failure, asio::buffer(&code, sizeof code),
                                                      asio::redirect_error(asio::use_awaitable, wrong));
  co_return bytes == sizeof code ? code : 0;
}

Exit exit_of(const Run& run, int status, Clock::time_point started) {
  return {.timed_out = run.timed_out,
          .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
          .status = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
          .output = run.said,
          .took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started)};
}

}  // namespace

std::string to_string(const Exit& exit) {
  if (exit.timed_out) {
    return fmt::format("killed after {:.1f} s without an end", std::chrono::duration<double>(exit.took).count());
  }
  if (exit.signal != 0) return fmt::format("killed by SIG{}", ::sigabbrev_np(exit.signal));
  return fmt::format("exit status {}", exit.status);
}

asio::awaitable<Result<Exit>> run(Command command) {
  const auto started = Clock::now();
  const auto executor = co_await asio::this_coro::executor;
  auto child = Child::start(command);
  if (!child) co_return std::unexpected(child.error());
  const std::string program = command.words.front();
  const Closer closer(std::make_shared<Run>(executor, std::move(command), std::move(*child)));
  Run& run = *closer.run;
  run.limit();
  run.feed();
  run.listen();
  if (const int code = co_await execution_failure(run); code != 0) co_return fail_errno(program, code);
  error_code ignored;
  co_await run.ended.async_wait(Descriptor::wait_read, asio::redirect_error(asio::use_awaitable, ignored));
  run.listen_to_the_rest();
  co_return exit_of(run, run.child.reap(), started);
}

}  // namespace ballast::process
