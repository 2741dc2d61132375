// Messages of the domain name system (RFC 1035), as far as a check needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ballast::health {

/// The number of a record type by its name: A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT, ANY.
std::optional<std::uint16_t> dns_type(std::string_view name);

/// A query for records of a name. An address as the name asks for its PTR record under in-addr.arpa or ip6.arpa.
Result<std::string> dns_query(std::uint16_t id, std::string_view name, std::uint16_t type);

struct DnsAnswer {
  std::uint16_t id = 0;
  bool is_response = false;
  int code = 0;                      ///< RCODE: 0 is no error
  std::vector<std::string> records;  ///< what the answer section says, as text: "10.0.0.1", "10 mx.example"
};

/// An Error says why it is no DNS message.
Result<DnsAnswer> parse_dns(std::string_view message);

/// "NXDOMAIN", "SERVFAIL", or the number
std::string dns_code_name(int code);

}  // namespace ballast::health
