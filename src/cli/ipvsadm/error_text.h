// What the real command prints for an errno.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace ballast::ipvsadm {

enum class Request : std::uint8_t {
  add_service,
  edit_service,
  delete_service,
  get_service,
  zero,
  add_server,
  edit_server,
  delete_server,
  start_daemon,
  stop_daemon,
  other,
};

/// The text for an error of `request`. Where its code is not one that ip_vs answers with: the error's own message.
std::string error_text(Request request, const Error& error);

}  // namespace ballast::ipvsadm
