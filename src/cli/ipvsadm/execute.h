// Carries commands out: asks the table, prints what the real command would.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "cli/ipvsadm/command.h"
#include "cli/ipvsadm/names.h"
#include "cli/ipvsadm/table.h"

namespace ballast::ipvsadm {

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

/// What became of one command line.
struct Outcome {
  int exit_code = 0;
  bool ends_restore = false;  ///< no further line of a restore is read
};

class Executor {
 public:
  Executor(std::string program, IpvsTable& table, const Names& names, Streams streams)
      : program_(std::move(program)), table_(table), names_(names), streams_(streams) {}

  /// Does what `command` asks for. Verb::restore is refused: a restore reads no further restore.
  Outcome run(const Command& command);

  /// Parses the words of a command line, program's name included, and runs it. Restores are read from streams.in.
  int run_words(std::span<const std::string> words);

  /// Replaces the table by what the command lines of streams.in make, in one step. Lines are taken, refused and
  /// reported as by a clear and then a restore, but messages come when the step is done and lists show what came of it.
  /// Lines that begin with "#" are comments.
  int restore_at_once();

 private:
  Outcome run_line(std::span<const std::string> words);
  int restore();
  Outcome list(const Command& command);
  Outcome list_table(const ListFormat& format);
  Outcome list_service(const cluster::ServiceKey& key, const ListFormat& format);
  Outcome list_connections(const ListFormat& format);
  Outcome list_timeouts();
  Outcome list_sync_daemons();
  Outcome save(bool numeric);
  Outcome change(const Command& command);
  Outcome outcome(const Command& command, const Result<void>& changed);
  Outcome refuse(const Refusal& refusal);
  [[nodiscard]] const Names* names(bool numeric) const { return numeric ? nullptr : &names_; }

  std::string program_;
  IpvsTable& table_;
  const Names& names_;
  Streams streams_;
};

}  // namespace ballast::ipvsadm
