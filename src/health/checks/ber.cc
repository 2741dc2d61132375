#include "health/checks/ber.h"

namespace ballast::health::ber {

std::string encode(std::uint8_t tag, std::string_view content) {
  std::string encoded(1, static_cast<char>(tag));
  if (content.size() < 0x80) {
    encoded += static_cast<char>(content.size());
  } else {
    encoded += static_cast<char>(0x84);
    encoded += big_endian(content.size(), 4);
  }
  encoded += content;
  return encoded;
}

std::string encode_small(std::uint8_t tag, std::uint8_t number) {
  return encode(tag, std::string(1, static_cast<char>(number)));
}

std::optional<Element> read(Reader& reader) {
  Element element;
  element.tag = reader.byte();
  std::uint64_t length = reader.byte();
  if ((length & 0x80) != 0) {
    const auto count = length & 0x7f;
    if (count == 0 || count > 4) return std::nullopt;
    length = reader.big(count);
  }
  element.content = reader.bytes(length);
  if (!reader.good()) return std::nullopt;
  return element;
}

std::uint64_t number_of(const Element& element) { return Reader(element.content).big(element.content.size()); }

}  // namespace ballast::health::ber
