// The commands that an operator wants to be run when health changes.
#pragma once

#include <optional>

#include "base/error.h"
#include "cluster/model.h"
#include "health/notice.h"
#include "process/command.h"

namespace ballast::control {

/// What is to be run for a notice about `service`: up_command or down_command of a server, that of the quorum, or
/// fallback_command with "start" or "stop", VIP:PORT (or the mark) and "tcp", "udp", "sctp" or "fwm" behind
/// it, as ldirectord calls it. It has BALLAST_EVENT, BALLAST_SERVICE, BALLAST_SERVER and BALLAST_REASON in its
/// environment. A command that cannot be split into words is an Error.
Result<std::optional<process::Command>> command_for(const cluster::VirtualService& service,
                                                    const health::Notice& notice);

}  // namespace ballast::control
