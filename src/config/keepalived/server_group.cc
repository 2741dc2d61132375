// virtual_server_group and SSL
#include <algorithm>
#include <array>
#include <map>

#include "config/keepalived/document.h"
#include "config/keepalived/keywords.h"

namespace ballast::config::keepalived {
namespace {

constexpr std::uint32_t most_in_range = 4096;

/// How many addresses "A.B.C.D-E", "A.B.C.D-E.F.G.H" or "A.B.C.D/N" are, from which on.
struct Range {
  net::Address first;
  std::uint32_t count = 1;
};

/// The address `steps` behind `first`; steps only change the last four bytes.
net::Address behind(const net::Address& first, std::uint32_t steps) {
  auto bytes = first.bytes();
  std::uint32_t last = 0;
  for (std::size_t i = 12; i < 16; ++i) last = last << 8 | bytes[i];
  last += steps;
  for (std::size_t i = 16; i-- > 12; last >>= 8) bytes[i] = static_cast<std::uint8_t>(last);
  return net::Address::from_bytes(bytes);
}

std::uint32_t last_bytes(const net::Address& address) {
  std::uint32_t value = 0;
  for (std::size_t i = 12; i < 16; ++i) value = value << 8 | address.bytes()[i];
  return value;
}

std::optional<Range> read_prefix_range(std::string_view text) {
  const auto prefix = net::Prefix::parse(text);
  if (!prefix) return std::nullopt;
  const unsigned bits = (prefix->address.is_ipv4() ? 32U : 128U) - prefix->length;
  if (bits > 12) return std::nullopt;
  const std::uint32_t count = 1U << bits;
  return Range{behind(prefix->address, 0U - last_bytes(prefix->address) % count), count};
}

std::optional<Range> read_range(const std::string& text) {
  const auto dash = text.find('-');
  if (dash == std::string::npos) return read_prefix_range(text);
  const auto first = net::Address::parse(text.substr(0, dash));
  if (!first) return std::nullopt;
  const std::string rest = text.substr(dash + 1);
  auto last = net::Address::parse(rest);
  if (!last || last->family() != first->family()) {
    const auto separator = text.rfind(first->is_ipv4() ? '.' : ':', dash);
    last = net::Address::parse(text.substr(0, separator + 1) + rest);
  }
  if (!last || last_bytes(*last) < last_bytes(*first)) return std::nullopt;
  const std::uint32_t count = last_bytes(*last) - last_bytes(*first) + 1;
  if (count > most_in_range || count == 0 || behind(*first, count - 1) != *last) return std::nullopt;
  return Range{*first, count};
}

/// A group while it is read.
struct GroupReader {
  std::string_view name;
  ServerGroup& group;
  std::map<cluster::ServiceKey, Place> members{};

  /// Notes an address, with any protocol, or a mark. A second one of the same is reported and gives false.
  bool is_new(const cluster::ServiceKey& member, std::string_view text, const Place& at, Context& context) {
    const auto [other, first] = members.try_emplace(member, at);
    if (!first) {
      context.report.error(
          at, fmt::format("{} is in virtual_server_group {} twice: {}", text, quoted(name), to_string(other->second)));
    }
    return first;
  }
};

void read_mark(GroupReader& reader, const Node& line, Context& context) {
  constexpr std::int64_t most_mark = 0xffffffff;
  const auto mark = number_of(line, context, 1, most_mark);
  if (!mark) return;
  const bool has_family = line.size() > 2;
  const std::string_view written = line.word(2);
  if (has_family && written != "inet" && written != "inet6") {
    return context.report.error(line.at,
                                fmt::format("behind a mark there may be inet or inet6, not {}", quoted(written)));
  }
  const auto family = written == "inet6" ? net::Family::ipv6 : net::Family::ipv4;
  const cluster::MarkKey key{.mark = static_cast<std::uint32_t>(*mark), .family = family};
  if (reader.is_new(key, cluster::to_string(cluster::ServiceKey{key}), line.at, context)) {
    reader.group.marks.push_back(key);
  }
}

void read_member(GroupReader& reader, const Node& line, Context& context) {
  if (line.keyword() == "fwmark") return read_mark(reader, line, context);
  const auto range = read_range(line.keyword());
  const auto port = port_of(line, context, 1);
  if (!range) {
    return context.report.error(line.at, fmt::format("{} is no address, range of at most {}, or fwmark",
                                                     quoted(line.keyword()), most_in_range));
  }
  if (!port) return;
  for (std::uint32_t i = 0; i < range->count; ++i) {
    const net::Endpoint endpoint{.address = behind(range->first, i), .port = *port};
    if (!reader.is_new(cluster::AddressKey{.endpoint = endpoint}, endpoint.to_string(), line.at, context)) return;
    reader.group.endpoints.push_back(endpoint);
  }
}

constexpr auto tls_keywords = std::to_array<Keyword<cluster::CheckTls>>({
    {"password",
     [](cluster::CheckTls& t, const Node& node, Context& x) { t.key_password = text_of(node, x).value_or(""); }},
    {"ca", [](cluster::CheckTls& t, const Node& node, Context& x) { t.authority = text_of(node, x).value_or(""); }},
    {"certificate",
     [](cluster::CheckTls& t, const Node& node, Context& x) { t.certificate = text_of(node, x).value_or(""); }},
    {"key", [](cluster::CheckTls& t, const Node& node, Context& x) { t.key = text_of(node, x).value_or(""); }},
});

}  // namespace

void read_tls(Document& document, const Node& block, Context& context) {
  read_block<cluster::CheckTls>(tls_keywords, {}, document.tls, block, "of SSL", context);
}

void read_server_group(Document& document, const Node& block, Context& context) {
  const auto name = text_of(block, context);
  if (!name || !define(document, "server group", *name, block.at, context)) return;
  ServerGroup& group = document.groups[*name];
  group.at = block.at;
  GroupReader reader{.name = *name, .group = group};
  for (const Node& line : block.children) read_member(reader, line, context);
}

}  // namespace ballast::config::keepalived
