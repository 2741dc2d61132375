// The command line of `ballast`.
#pragma once

namespace ballast::cli {

/// Runs the command that the arguments name. Gives the exit status: 0, 1 (the command failed), 2 (wrong usage), or what
/// ipvsadm gives for `ballast ipvsadm`.
int run_ballast(int argc, char** argv);

}  // namespace ballast::cli
