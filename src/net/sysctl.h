// Kernel parameters under /proc/sys.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace ballast::net {

/// The file of a kernel parameter. Both forms of sysctl(8) are read, told apart by whichever separator comes first:
/// "net.ipv4.conf.all.arp_ignore", in which a slash stands for a dot inside a name, and
/// "net/ipv4/conf/eth0.100/arp_ignore". Errors: empty names, "." and ".." as a name.
Result<std::string> sysctl_file(std::string_view name);

/// The parameter's value without the line end. net.* parameters are those of the caller's network namespace.
Result<std::string> read_sysctl(std::string_view name);

/// Writes a value. Needs root or CAP_NET_ADMIN.
Result<void> set_sysctl(std::string_view name, std::string_view value);

}  // namespace ballast::net
