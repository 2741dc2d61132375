// Where an instance of the daemon lives: its name, socket, state file and pins.
#pragma once

#include <string>

#include "base/error.h"

namespace ballast {

/// The instance to talk to: `option` where given, else $BALLAST_INSTANCE, else "default" in the first network
/// namespace, and elsewhere the name under /run/netns of the network namespace this process is in ("net-INODE" where it
/// has none). Names are [A-Za-z0-9_.-]+, at most 64 bytes.
Result<std::string> instance_name(const std::string& option);

/// /run/ballast/NAME (or $BALLAST_RUNTIME_DIRECTORY/NAME)
std::string runtime_directory(const std::string& instance);
/// /run/ballast/NAME/control.sock
std::string control_socket(const std::string& instance);

}  // namespace ballast
