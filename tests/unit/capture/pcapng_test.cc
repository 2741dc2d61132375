#include "capture/pcapng.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "capture/recording.h"
#include "frames.h"

namespace ballast::capture {
namespace {

using pcapng::Block;

std::uint32_t word(const Block& block, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, block.data() + at, sizeof value);
  return value;
}
std::uint16_t half(const Block& block, std::size_t at) {
  std::uint16_t value = 0;
  std::memcpy(&value, block.data() + at, sizeof value);
  return value;
}

/// The options of a block from an offset on, by code; they must fill the block up to its end.
std::map<int, Block> options(const Block& block, std::size_t at) {
  std::map<int, Block> found;
  while (half(block, at) != 0) {
    const auto value = block.begin() + static_cast<std::ptrdiff_t>(at) + 4;
    found[half(block, at)] = Block(value, value + half(block, at + 2));
    at += 4 + (half(block, at + 2) + 3u) / 4 * 4;
  }
  EXPECT_EQ(at + 8, block.size());
  return found;
}

std::string text(const Block& bytes) { return {bytes.begin(), bytes.end()}; }

void expect_block(const Block& block, std::uint32_t type) {
  ASSERT_GE(block.size(), 12u);
  EXPECT_EQ(block.size() % 4, 0u);
  EXPECT_EQ(word(block, 0), type);
  EXPECT_EQ(word(block, 4), block.size());
  EXPECT_EQ(word(block, block.size() - 4), block.size());
}

TEST(Pcapng, ASectionBeginsWithTheByteOrderAndTheVersion) {
  const auto block = pcapng::section_header("writer");
  expect_block(block, 0x0a0d0d0a);
  EXPECT_EQ(word(block, 8), 0x1a2b3c4du);
  EXPECT_EQ(half(block, 12), 1);
  EXPECT_EQ(half(block, 14), 0);
  EXPECT_EQ(word(block, 16), 0xffffffffu);
  EXPECT_EQ(text(options(block, 24).at(4)), "writer");
}

TEST(Pcapng, AnInterfaceHasNameHookAndNanoseconds) {
  const auto block = pcapng::interface_description({.name = "eth0", .description = "XDP", .snap_length = 96});
  expect_block(block, 1);
  EXPECT_EQ(half(block, 8), 1);
  EXPECT_EQ(word(block, 12), 96u);
  const auto found = options(block, 16);
  EXPECT_EQ(text(found.at(2)), "eth0");
  EXPECT_EQ(text(found.at(3)), "XDP");
  EXPECT_EQ(found.at(9), Block{9});
}

TEST(Pcapng, APacketHasItsTimeInTwoHalvesAndItsBytesPadded) {
  const Bytes bytes = {1, 2, 3, 4, 5};
  const auto block = pcapng::enhanced_packet({.interface = 3,
                                              .time = 0x1122334455667788,
                                              .length = 1500,
                                              .bytes = bytes,
                                              .direction = pcapng::Direction::outbound,
                                              .verdict = {.hook = pcapng::Verdict::Hook::tc, .value = -1},
                                              .id = 7,
                                              .comment = "out: so"});
  expect_block(block, 6);
  EXPECT_EQ(word(block, 8), 3u);
  EXPECT_EQ(word(block, 12), 0x11223344u);
  EXPECT_EQ(word(block, 16), 0x55667788u);
  EXPECT_EQ(word(block, 20), 5u);
  EXPECT_EQ(word(block, 24), 1500u);
  EXPECT_EQ(Block(block.begin() + 28, block.begin() + 36), (Block{1, 2, 3, 4, 5, 0, 0, 0}));
  const auto found = options(block, 36);
  EXPECT_EQ(text(found.at(1)), "out: so");
  EXPECT_EQ(found.at(2), (Block{2, 0, 0, 0}));
  EXPECT_EQ(found.at(5), (Block{7, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(found.at(7), (Block{1, 255, 255, 255, 255, 255, 255, 255, 255}));
}

TEST(Pcapng, EmptyTextsAreLeftOut) { EXPECT_EQ(options(pcapng::section_header(""), 24).size(), 0u); }

TEST(Recording, DescribesAnInterfaceOnceForEachHook) {
  Recording recording(96, 1'000'000);
  EXPECT_FALSE(recording.describe("eth0", abi::CAPTURE_TC_INGRESS).empty());
  EXPECT_TRUE(recording.describe("eth0", abi::CAPTURE_TC_INGRESS).empty());
  Frame frame;
  frame.hook = abi::CAPTURE_TC_INGRESS;
  frame.monotonic = 5;
  frame.fate = "dropped";
  auto bytes = recording.add(frame, "eth0", 1);
  expect_block(bytes, 6);
  EXPECT_EQ(word(bytes, 8), 0u);
  EXPECT_EQ(word(bytes, 16), 1'000'005u);
  EXPECT_EQ(text(options(bytes, 28).at(1)), "in: dropped");
  frame.hook = abi::CAPTURE_XDP;
  bytes = recording.add(frame, "eth0", 2);
  EXPECT_EQ(word(bytes, 0), 1u);
  const Block packet(bytes.begin() + word(bytes, 4), bytes.end());
  expect_block(packet, 6);
  EXPECT_EQ(word(packet, 8), 1u);
}

}  // namespace
}  // namespace ballast::capture
