// Tells the service manager how the daemon is (sd_notify(3)).
#pragma once

#include <string_view>

namespace ballast::control {

/// Sends `state` ("READY=1", several variables in lines of their own) to $NOTIFY_SOCKET. Without that variable, or
/// where nobody listens, nothing happens.
void notify_manager(std::string_view state);

/// "RELOADING=1" with the time stamp that goes with it.
void notify_reloading();

}  // namespace ballast::control
