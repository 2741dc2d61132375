// A started program: the system calls of process/command.h.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/error.h"
#include "base/fd.h"
#include "process/command.h"

namespace ballast::process {

/// A child process, its group, and what it is connected by. Killed with its group and reaped when destroyed.
class Child {
 public:
  /// Forks and lets the child execute `command`. Whether that went well, failure() tells once it can be read.
  static Result<Child> start(const Command& command);

  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child() { end(); }

  /// Readable when the program has ended (pidfd_open(2)).
  [[nodiscard]] const Fd& ended() const { return ended_; }
  /// Readable when the program was executed (its end) or could not be (an errno).
  [[nodiscard]] const Fd& failure() const { return failure_; }
  /// Its standard input, non-blocking.
  [[nodiscard]] Fd& input() { return input_; }
  /// Its standard output and error, non-blocking.
  [[nodiscard]] const Fd& output() const { return output_; }

  /// Sends a signal to the program's group.
  void signal(int number) const;
  /// The wait status of the program, which has ended; blocks where it has not.
  int reap();
  /// Kills the group and reaps the program, unless that has been done.
  void end();

 private:
  Child() = default;

  pid_t pid_ = -1;
  bool reaped_ = false;
  Fd ended_, failure_, input_, output_;
};

}  // namespace ballast::process
