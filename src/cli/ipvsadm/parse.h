// From the words of a command line to a Command.
#pragma once

#include <expected>
#include <span>
#include <string>

#include "cli/ipvsadm/command.h"
#include "cli/ipvsadm/names.h"

namespace ballast::ipvsadm {

/// Reads a command line; words[0] is the program's name and there is at least one more word. Checks and messages are
/// those of ipvsadm 1.31, in its order: with two mistakes in a line, it is the same one that is reported.
std::expected<Command, Refusal> parse(std::span<const std::string> words, const Names& names);

/// The refusal that sends people to `program` -h.
Refusal try_help(const std::string& program);

}  // namespace ballast::ipvsadm
