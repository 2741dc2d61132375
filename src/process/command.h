// Runs programs without holding up the event loop.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ballast::process {

struct Command {
  std::vector<std::string> words;        ///< the program, searched in PATH where it has no '/', and its arguments
  std::string user{};                    ///< "USER" or "USER:GROUP"; empty: the daemon's own
  std::chrono::milliseconds timeout{0};  ///< then its whole process group is killed; 0: it may take for ever
  std::chrono::milliseconds grace{0};    ///< between SIGTERM and SIGKILL at the timeout; 0: SIGKILL at once
  std::vector<std::pair<std::string, std::string>> environment{};  ///< added to the daemon's own
  std::string input{};                                             ///< for its standard input, which then ends
  std::size_t output_most = 1024;  ///< bytes of its standard output and error that are kept
};

/// How a program ended.
struct Exit {
  bool timed_out = false;
  int signal = 0;  ///< 0: it exited by itself, with `status`
  int status = 0;
  std::string output;  ///< the first bytes of standard output and error
  std::chrono::microseconds took{};
  [[nodiscard]] bool success() const { return !timed_out && signal == 0 && status == 0; }
};

/// "exit status 1", "killed by SIGSEGV", "no end within 3 s": for messages.
std::string to_string(const Exit& exit);

/// Starts the program in a process group of its own, with every signal at its default and no descriptor but the three
/// standard ones, and waits for its end. An Error is why it could not be started. What it leaves running in the
/// background goes on, unless the timeout killed it. Where the coroutine is destroyed before, the group is killed.
/// Needs an executor of one thread.
boost::asio::awaitable<Result<Exit>> run(Command command);

}  // namespace ballast::process
