// Basic Encoding Rules (X.690), as far as LDAP uses them: one byte of tag, definite lengths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "health/checks/bytes.h"

namespace ballast::health::ber {

enum Tag : std::uint8_t {
  boolean = 0x01,
  integer = 0x02,
  octets = 0x04,
  enumerated = 0x0a,
  sequence = 0x30,
};

/// A value with its tag and length.
std::string encode(std::uint8_t tag, std::string_view content);
/// A number of 0 to 127.
std::string encode_small(std::uint8_t tag, std::uint8_t number);

struct Element {
  std::uint8_t tag = 0;
  std::string_view content;
};
/// The next element. nullopt: it is not there as a whole (reader.good() is false), or its length is malformed.
std::optional<Element> read(Reader& reader);

/// The value of an INTEGER or ENUMERATED of up to 8 bytes, as unsigned.
std::uint64_t number_of(const Element& element);

}  // namespace ballast::health::ber
