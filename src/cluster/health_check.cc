#include "cluster/health_check.h"

#include <array>

namespace ballast::cluster {

std::string_view to_string(CheckType type) {
  static constexpr std::array<std::string_view, check_types> words = {
      "tcp",  "udp",  "http",  "http_proxy", "icmp",  "dns", "smtp",   "imap",    "pop3", "ftp",
      "nntp", "ldap", "mysql", "postgresql", "redis", "sip", "radius", "command", "file"};
  return words.at(static_cast<std::size_t>(type));
}

}  // namespace ballast::cluster
