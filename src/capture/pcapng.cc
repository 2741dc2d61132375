#include "capture/pcapng.h"

#include <algorithm>
#include <cstring>

namespace ballast::capture::pcapng {
namespace {

enum BlockType : std::uint32_t { section_block = 0x0a0d0d0a, interface_block = 1, enhanced_packet_block = 6 };

/// Options; those from 2 on mean another thing in each type of block.
enum Option : std::uint16_t {
  end_of_options = 0,
  comment_option = 1,
  section_application = 4,
  interface_name = 2,
  interface_description_text = 3,
  interface_time_resolution = 9,
  packet_flags = 2,
  packet_id = 5,
  packet_verdict = 7,
};

constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::uint64_t unknown_length = ~std::uint64_t{0};
constexpr std::uint16_t link_type_ethernet = 1;
constexpr std::uint8_t nanoseconds = 9;  // 10^-9 s

class Writer {
 public:
  explicit Writer(BlockType type) {
    number(type);
    number(std::uint32_t{0});
  }

  template <typename Number>
  void number(Number value) {
    const auto at = block_.size();
    block_.resize(at + sizeof value);
    std::memcpy(block_.data() + at, &value, sizeof value);
  }
  /// Bytes, and zeros up to the next multiple of four.
  void padded(std::span<const std::uint8_t> bytes) {
    block_.insert(block_.end(), bytes.begin(), bytes.end());
    block_.resize((block_.size() + 3) & ~std::size_t{3});
  }
  void option(Option code, std::span<const std::uint8_t> value) {
    number(static_cast<std::uint16_t>(code));
    number(static_cast<std::uint16_t>(value.size()));
    padded(value);
  }
  void option(Option code, std::string_view text) {
    text = text.substr(0, UINT16_MAX);
    if (!text.empty()) option(code, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  }
  template <typename Number>
  void number_option(Option code, Number value) {
    std::uint8_t bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    option(code, std::span<const std::uint8_t>(bytes));
  }

  /// The block, whose length stands at both of its ends.
  Block end() {
    number(std::uint32_t{end_of_options});
    const auto length = static_cast<std::uint32_t>(block_.size() + sizeof(std::uint32_t));
    std::memcpy(block_.data() + sizeof(std::uint32_t), &length, sizeof length);
    number(length);
    return std::move(block_);
  }

 private:
  Block block_;
};

}  // namespace

Block section_header(std::string_view application) {
  Writer block(section_block);
  block.number(byte_order_magic);
  block.number(std::uint16_t{1});
  block.number(std::uint16_t{0});
  block.number(unknown_length);
  block.option(section_application, application);
  return block.end();
}

Block interface_description(const Interface& interface) {
  Writer block(interface_block);
  block.number(link_type_ethernet);
  block.number(std::uint16_t{0});
  block.number(interface.snap_length);
  block.option(interface_name, interface.name);
  block.option(interface_description_text, interface.description);
  block.number_option(interface_time_resolution, nanoseconds);
  return block.end();
}

Block enhanced_packet(const Packet& packet) {
  Writer block(enhanced_packet_block);
  block.number(packet.interface);
  block.number(static_cast<std::uint32_t>(packet.time >> 32));
  block.number(static_cast<std::uint32_t>(packet.time));
  block.number(static_cast<std::uint32_t>(packet.bytes.size()));
  block.number(packet.length);
  block.padded(packet.bytes);
  block.option(comment_option, packet.comment);
  block.number_option(packet_flags, static_cast<std::uint32_t>(packet.direction));
  block.number_option(packet_id, packet.id);
  std::uint8_t verdict[9] = {static_cast<std::uint8_t>(packet.verdict.hook)};
  const std::int64_t value = packet.verdict.value;
  std::memcpy(verdict + 1, &value, sizeof value);
  block.option(packet_verdict, verdict);
  return block.end();
}

}  // namespace ballast::capture::pcapng
