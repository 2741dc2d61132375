#include "health/checks/dns_message.h"

#include <fmt/format.h>

#include <array>

#include "health/checks/bytes.h"
#include "net/address.h"

namespace ballast::health {
namespace {

enum Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  any = 255
};

struct TypeName {
  std::string_view name;
  Type type;
};
constexpr std::array type_names{
    TypeName{"A", a},     TypeName{"AAAA", aaaa}, TypeName{"CNAME", cname}, TypeName{"MX", mx},   TypeName{"NS", ns},
    TypeName{"PTR", ptr}, TypeName{"SOA", soa},   TypeName{"SRV", srv},     TypeName{"TXT", txt}, TypeName{"ANY", any}};

constexpr std::size_t header_bytes = 12;
constexpr std::size_t longest_name = 255;

/// The name under which an address has its PTR record (RFC 1035 §3.5, RFC 3596 §2.5).
std::string reverse_name(const net::Address& address) {
  std::string name;
  const auto& bytes = address.bytes();
  if (address.is_ipv4()) {
    for (int i = 15; i >= 12; --i) name += fmt::format("{}.", bytes[i]);
    return name + "in-addr.arpa";
  }
  for (int i = 15; i >= 0; --i) name += fmt::format("{:x}.{:x}.", bytes[i] & 0xf, bytes[i] >> 4);
  return name + "ip6.arpa";
}

Result<std::string> encoded_name(std::string_view name) {
  std::string encoded;
  if (name.ends_with('.')) name.remove_suffix(1);
  for (std::string_view rest = name; !rest.empty();) {
    const auto label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > 63) return fail(fmt::format("'{}' is not a name of the DNS", name));
    encoded += static_cast<char>(label.size());
    encoded += label;
    rest.remove_prefix(label.size());
    if (!rest.empty()) rest.remove_prefix(1);
  }
  if (encoded.size() + 1 > longest_name) return fail(fmt::format("'{}' is too long for a name of the DNS", name));
  return encoded + '\0';
}

/// A name, whose end may be elsewhere in the message (RFC 1035 §4.1.4). nullopt: not a name.
std::optional<std::string> read_name(std::string_view message, Reader& reader) {
  std::string name;
  Reader inside = reader;
  bool jumped = false;
  // Each pointer must lead to a place before the last one, so that there is no circle.
  std::size_t lowest = message.size();
  while (true) {
    const std::uint8_t length = inside.byte();
    if ((length & 0xc0) == 0xc0) {
      const std::size_t place = static_cast<std::size_t>(length & 0x3f) << 8 | inside.byte();
      if (!inside.good() || place >= lowest) return std::nullopt;
      if (!jumped) reader = inside;
      jumped = true;
      lowest = place;
      inside = Reader(message, place);
      continue;
    }
    if (length > 63) return std::nullopt;
    const auto label = inside.bytes(length);
    if (!inside.good() || name.size() + length > longest_name) return std::nullopt;
    if (length == 0) break;
    if (!name.empty()) name += '.';
    name += label;
  }
  if (!jumped) reader = inside;
  return name.empty() ? "." : name;
}

std::string texts(std::string_view data) {
  std::string text;
  for (Reader reader(data); !reader.empty();) text += reader.bytes(reader.byte());
  return text;
}

std::optional<std::string> soa_text(std::string_view message, Reader& reader) {
  const auto primary = read_name(message, reader);
  const auto mailbox = primary ? read_name(message, reader) : std::nullopt;
  if (!mailbox) return std::nullopt;
  std::string text = fmt::format("{} {}", *primary, *mailbox);
  for (int i = 0; i < 5; ++i) text += fmt::format(" {}", reader.big(4));
  return text;
}

std::optional<std::string> address_text(std::string_view data) {
  if (data.size() == 4) return net::Address::ipv4(static_cast<std::uint32_t>(Reader(data).big(4))).to_string();
  if (data.size() != 16) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(data[i]);
  return net::Address::from_bytes(bytes).to_string();
}

/// The data of a record that begins where `reader` stands; nullopt: malformed.
std::optional<std::string> record_text(std::string_view message, Reader reader, std::uint16_t type,
                                       std::string_view data) {
  switch (type) {
    case a:
    case aaaa:
      return address_text(data);
    case ns:
    case cname:
    case ptr:
      return read_name(message, reader);
    case soa:
      return soa_text(message, reader);
    case mx:
    case srv: {
      std::string text;
      for (int i = 0; i < (type == mx ? 1 : 3); ++i) text += fmt::format("{} ", reader.big(2));
      const auto name = read_name(message, reader);
      return name ? std::optional(text + *name) : std::nullopt;
    }
    case txt:
      return texts(data);
    default:
      return fmt::format("type {}", type);
  }
}

}  // namespace

std::optional<std::uint16_t> dns_type(std::string_view name) {
  for (const auto& known : type_names) {
    if (known.name == name) return known.type;
  }
  return std::nullopt;
}

Result<std::string> dns_query(std::uint16_t id, std::string_view name, std::uint16_t type) {
  const auto address = net::Address::parse(name);
  const auto encoded = encoded_name(address ? reverse_name(*address) : std::string(name));
  if (!encoded) return encoded;
  constexpr std::uint16_t recursion_desired = 0x0100;
  constexpr std::uint16_t internet = 1;
  return big_endian(id, 2) + big_endian(recursion_desired, 2) + big_endian(1, 2) + std::string(6, '\0') + *encoded +
         big_endian(address ? std::uint16_t{ptr} : type, 2) + big_endian(internet, 2);
}

Result<DnsAnswer> parse_dns(std::string_view message) {
  if (message.size() < header_bytes) return fail("not DNS: shorter than a header");
  Reader reader(message);
  DnsAnswer answer;
  answer.id = static_cast<std::uint16_t>(reader.big(2));
  const auto flags = reader.big(2);
  answer.is_response = (flags & 0x8000) != 0;
  answer.code = static_cast<int>(flags & 0xf);
  const bool truncated = (flags & 0x0200) != 0;
  const auto questions = reader.big(2);
  const auto answers = reader.big(2);
  reader.bytes(4);
  for (std::uint64_t i = 0; i < questions; ++i) {
    if (!read_name(message, reader)) return fail("malformed DNS message: the question's name");
    reader.bytes(4);
  }
  for (std::uint64_t i = 0; i < answers; ++i) {
    if (truncated && reader.empty()) break;
    if (!read_name(message, reader)) return fail("malformed DNS message: the name of a record");
    const auto type = static_cast<std::uint16_t>(reader.big(2));
    reader.bytes(6);
    const auto length = reader.big(2);
    const Reader at_data = reader;
    const auto data = reader.bytes(length);
    if (!reader.good()) return fail("malformed DNS message: it ends within a record");
    const auto text = record_text(message, at_data, type, data);
    if (!text) return fail("malformed DNS message: the data of a record");
    answer.records.push_back(*text);
  }
  return answer;
}

std::string dns_code_name(int code) {
  constexpr std::array<std::string_view, 6> names{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
  return code < static_cast<int>(names.size()) ? std::string(names[code]) : fmt::format("code {}", code);
}

}  // namespace ballast::health
