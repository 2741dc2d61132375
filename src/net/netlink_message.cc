#include "net/netlink_message.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>

namespace ballast::net {
namespace {

constexpr std::size_t align(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

void skip(Bytes& rest, std::size_t length) { rest = rest.subspan(std::min(align(length), rest.size())); }

}  // namespace

std::string read_string(Bytes bytes) {
  const auto end = std::ranges::find(bytes, std::byte{0});
  std::string text;
  std::transform(bytes.begin(), end, std::back_inserter(text), [](std::byte b) { return static_cast<char>(b); });
  return text;
}

std::optional<Address> read_address(Bytes bytes) {
  std::array<std::uint8_t, 16> raw{};
  if (bytes.size() == 4) {
    raw = Address::any(Family::ipv4).bytes();
    std::memcpy(raw.data() + 12, bytes.data(), 4);
  } else if (bytes.size() == 16) {
    std::memcpy(raw.data(), bytes.data(), 16);
  } else {
    return std::nullopt;
  }
  return Address::from_bytes(raw);
}

std::optional<MacAddress> read_mac(Bytes bytes) {
  if (bytes.size() != std::tuple_size_v<MacAddress>) return std::nullopt;
  return read_value<MacAddress>(bytes);
}

Bytes address_bytes(const Address& address) {
  const auto all = std::as_bytes(std::span(address.bytes()));
  return address.is_ipv4() ? all.subspan(12) : all;
}

std::uint8_t address_family(const Address& address) { return address.is_ipv4() ? AF_INET : AF_INET6; }

std::optional<NetlinkMessage> take_message(Bytes& rest) {
  const auto header = read_value<nlmsghdr>(rest);
  if (!header || header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > rest.size()) {
    rest = {};
    return std::nullopt;
  }
  const NetlinkMessage message{.type = header->nlmsg_type,
                               .flags = header->nlmsg_flags,
                               .sequence = header->nlmsg_seq,
                               .payload = rest.subspan(sizeof(nlmsghdr), header->nlmsg_len - sizeof(nlmsghdr))};
  skip(rest, header->nlmsg_len);
  return message;
}

std::optional<NetlinkAttribute> take_attribute(Bytes& rest) {
  const auto header = read_value<nlattr>(rest);
  if (!header || header->nla_len < sizeof(nlattr) || header->nla_len > rest.size()) {
    rest = {};
    return std::nullopt;
  }
  const NetlinkAttribute attribute{.type = static_cast<std::uint16_t>(header->nla_type & NLA_TYPE_MASK),
                                   .payload = rest.subspan(sizeof(nlattr), header->nla_len - sizeof(nlattr))};
  skip(rest, header->nla_len);
  return attribute;
}

std::optional<Bytes> find_attribute(Bytes attributes, std::uint16_t type) {
  while (const auto attribute = take_attribute(attributes)) {
    if (attribute->type == type) return attribute->payload;
  }
  return std::nullopt;
}

std::optional<NetlinkAck> parse_ack(const NetlinkMessage& message) {
  Bytes rest = message.payload;
  const auto error = take_header<std::int32_t>(rest);
  if (!error) {
    if (message.type == NLMSG_DONE) return NetlinkAck{};
    return std::nullopt;
  }
  NetlinkAck ack{.code = *error == INT32_MIN ? INT32_MAX : std::abs(*error), .text = {}};
  if (!(message.flags & NLM_F_ACK_TLVS)) return ack;
  if (message.type == NLMSG_ERROR) {
    const auto request = read_value<nlmsghdr>(rest);
    if (!request) return ack;
    const bool whole_request = !(message.flags & NLM_F_CAPPED);
    skip(rest, std::max<std::size_t>(sizeof(nlmsghdr), whole_request ? request->nlmsg_len : 0));
  }
  if (const auto text = find_attribute(rest, NLMSGERR_ATTR_MSG)) ack.text = read_string(*text);
  return ack;
}

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  append(bytes_of(header));
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, Bytes payload) {
  const nlattr header{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + payload.size()), .nla_type = type};
  append(bytes_of(header));
  append(payload);
  return *this;
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, std::uint32_t value) {
  return attribute(type, bytes_of(value));
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, const Address& address) {
  return attribute(type, address_bytes(address));
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, std::string_view text) {
  const std::string terminated(text);
  return attribute(type, std::as_bytes(std::span(terminated.c_str(), terminated.size() + 1)));
}

void NetlinkRequest::add_flags(std::uint16_t flags) {
  auto header = *read_value<nlmsghdr>(bytes_);
  header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | flags);
  std::memcpy(bytes_.data(), &header, sizeof header);
}

Bytes NetlinkRequest::finish(std::uint32_t sequence) {
  auto header = *read_value<nlmsghdr>(bytes_);
  header.nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
  header.nlmsg_seq = sequence;
  std::memcpy(bytes_.data(), &header, sizeof header);
  return bytes_;
}

void NetlinkRequest::append_attribute_header(std::uint16_t type) {
  append(bytes_of(nlattr{.nla_len = sizeof(nlattr), .nla_type = static_cast<std::uint16_t>(type | NLA_F_NESTED)}));
}

void NetlinkRequest::close_attribute(std::size_t begin) {
  const auto length = static_cast<std::uint16_t>(bytes_.size() - begin);
  std::memcpy(bytes_.data() + begin + offsetof(nlattr, nla_len), &length, sizeof length);
}

void NetlinkRequest::append(Bytes bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize(align(bytes_.size()));
}

}  // namespace ballast::net
