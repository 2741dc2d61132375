#include "net/checksum.h"

namespace ballast::net {

ChecksumSum& ChecksumSum::add(Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = std::to_integer<std::uint64_t>(bytes[i]);
    sum_ += i % 2 == 0 ? byte << 8 : byte;
  }
  return *this;
}

ChecksumSum& ChecksumSum::add_pseudo_header(const Address& source, const Address& destination, std::uint8_t protocol,
                                            std::uint16_t length) {
  add(address_bytes(source)).add(address_bytes(destination));
  sum_ += protocol;
  sum_ += length;
  return *this;
}

std::uint16_t ChecksumSum::checksum() const {
  std::uint64_t sum = sum_;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace ballast::net
