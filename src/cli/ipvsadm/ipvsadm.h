// The ipvsadm command.
#pragma once

#include <span>
#include <string>

#include "cli/ipvsadm/execute.h"

namespace ballast::ipvsadm {

/// Runs one command line; words[0] is the program's name. Gives the exit code: 0; 1 where a list cannot be had; 2 for
/// wrong usage and where there is no table; 255 for what the table refuses and for switches that cannot be read.
int ipvsadm_main(std::span<const std::string> words, IpvsTable& table, const Names& names, Streams streams);

/// The same for a process: the daemon of this environment and network namespace, the names of this machine, the
/// standard streams.
int run_ipvsadm(int argc, char** argv);

/// ipvsadm-restore for a process: Executor::restore_at_once() of standard input.
int run_ipvsadm_restore();

}  // namespace ballast::ipvsadm
