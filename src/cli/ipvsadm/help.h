// What -h and -v print.
#pragma once

#include <string>
#include <string_view>

namespace ballast::ipvsadm {

/// One line. It names the version of ipvsadm that this command is equal to: scripts read it.
std::string version_text();

/// `program` is the name the command was called by.
std::string help_text(std::string_view program);

}  // namespace ballast::ipvsadm
