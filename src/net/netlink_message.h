// Netlink messages as bytes: taking them apart without ever reading past their end, and putting them together. No I/O.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "net/address.h"

namespace ballast::net {

using Bytes = std::span<const std::byte>;

/// Everything in memory of a plain value, as bytes. The value must outlive the span.
template <typename T>
  requires std::is_trivially_copyable_v<T>
Bytes bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// The plain value at the front of `bytes`, in host byte order; nullopt where there are fewer bytes than it has. More
/// are allowed: newer kernels make structures longer.
template <typename T>
  requires std::is_trivially_copyable_v<T>
std::optional<T> read_value(Bytes bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// Text up to the first NUL byte or the end.
std::string read_string(Bytes bytes);
/// 4 bytes are an IPv4 address, 16 an IPv6 address, other lengths none.
std::optional<Address> read_address(Bytes bytes);
/// 6 bytes are a MAC address, other lengths none.
std::optional<MacAddress> read_mac(Bytes bytes);

/// The 4 or 16 bytes of an address in network order, inside `address`, which must outlive the span.
Bytes address_bytes(const Address& address);
/// AF_INET or AF_INET6.
std::uint8_t address_family(const Address& address);

/// One message out of a datagram (struct nlmsghdr and what follows it).
struct NetlinkMessage {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  Bytes payload;
};

/// Takes the message at the front of `rest` and moves `rest` behind it. nullopt at the end, and where the length that
/// the message claims is impossible; `rest` is empty then.
std::optional<NetlinkMessage> take_message(Bytes& rest);

/// One attribute (struct nlattr and what follows it); `type` without the NLA_F_* flags.
struct NetlinkAttribute {
  std::uint16_t type = 0;
  Bytes payload;
};

/// Takes the attribute at the front of `rest` and moves `rest` behind it. nullopt at the end, and where the length that
/// the attribute claims is impossible; `rest` is empty then.
std::optional<NetlinkAttribute> take_attribute(Bytes& rest);

/// The payload of the first attribute of that type.
std::optional<Bytes> find_attribute(Bytes attributes, std::uint16_t type);

/// The fixed header that opens the payload of most messages. `payload` is moved to the attributes behind it; untouched
/// where it is too short.
template <typename T>
std::optional<T> take_header(Bytes& payload) {
  const auto header = read_value<T>(payload);
  if (!header) return std::nullopt;
  constexpr std::size_t aligned = (sizeof(T) + 3) & ~std::size_t{3};
  payload = payload.subspan(std::min(aligned, payload.size()));
  return header;
}

/// What an NLMSG_ERROR message says.
struct NetlinkAck {
  int code = 0;      ///< errno, positive; 0: done as asked
  std::string text;  ///< the kernel's own words (extended ack, NLMSGERR_ATTR_MSG), often empty
};

/// Reads a message of type NLMSG_ERROR or NLMSG_DONE; nullopt where it is too short for an error code. An NLMSG_DONE
/// without a code is success.
std::optional<NetlinkAck> parse_ack(const NetlinkMessage& message);

/// A request under construction: type and flags, then a fixed header, then attributes.
class NetlinkRequest {
 public:
  /// `flags` are NLM_F_* besides NLM_F_REQUEST, which is always set.
  explicit NetlinkRequest(std::uint16_t type, std::uint16_t flags = 0);

  template <typename T>
  NetlinkRequest& header(const T& fixed) {
    append(bytes_of(fixed));
    return *this;
  }
  NetlinkRequest& attribute(std::uint16_t type, Bytes payload);
  NetlinkRequest& attribute(std::uint16_t type, std::uint32_t value);
  /// 4 or 16 bytes in network order.
  NetlinkRequest& attribute(std::uint16_t type, const Address& address);
  /// NUL-terminated.
  NetlinkRequest& attribute(std::uint16_t type, std::string_view text);

  /// An attribute that holds what `fill` appends: a fixed header, attributes.
  template <typename Fill>
  NetlinkRequest& nested(std::uint16_t type, Fill&& fill) {
    const std::size_t begin = bytes_.size();
    append_attribute_header(type);
    fill(*this);
    close_attribute(begin);
    return *this;
  }

  void add_flags(std::uint16_t flags);
  /// The finished message with that sequence number; valid until the next change.
  Bytes finish(std::uint32_t sequence);

 private:
  void append(Bytes bytes);
  void append_attribute_header(std::uint16_t type);
  void close_attribute(std::size_t begin);

  std::vector<std::byte> bytes_;
};

}  // namespace ballast::net
