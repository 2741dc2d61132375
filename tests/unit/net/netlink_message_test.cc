#include "net/netlink_message.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>

#include "bytes.h"

namespace ballast::net {
namespace {

using test::bytes_from_hex;

TEST(NetlinkMessage, IsTakenFromTheFrontAndTheRestBeginsAligned) {
  const auto datagram = bytes_from_hex(
      "15000000 1000 0200 07000000 00000000 aa bbbbbb"  // 17 bytes of length 21: one byte of payload, three of padding
      "00000000 00000000");
  auto bytes = datagram;
  bytes[0] = std::byte{17};
  Bytes rest = bytes;
  const auto message = take_message(rest);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, 16);
  EXPECT_EQ(message->flags, 2);
  EXPECT_EQ(message->sequence, 7U);
  ASSERT_EQ(message->payload.size(), 1U);
  EXPECT_EQ(message->payload[0], std::byte{0xaa});
  EXPECT_EQ(rest.size(), 8U);
}

TEST(NetlinkMessage, WithAnImpossibleLengthEndsTheDatagram) {
  for (const char* length : {"00000000", "0f000000", "15000000", "ffffffff"}) {
    const auto bytes = bytes_from_hex(std::string(length) + "10000200 07000000 00000000 aabbccdd");
    Bytes rest = bytes;
    EXPECT_FALSE(take_message(rest)) << length;
    EXPECT_TRUE(rest.empty()) << length;
  }
}

TEST(NetlinkMessage, ShorterThanItsHeaderIsNone) {
  const auto bytes = bytes_from_hex("10000000 10000200 07000000 000000");
  Bytes rest = bytes;
  EXPECT_FALSE(take_message(rest));
}

TEST(NetlinkAttribute, LosesItsFlagsAndMayEndWithoutPadding) {
  const auto bytes = bytes_from_hex("0500 0380 aa 000000 0600 0400 bbcc");
  Bytes rest = bytes;
  const auto first = take_attribute(rest);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, 3);
  EXPECT_EQ(first->payload.size(), 1U);
  const auto second = take_attribute(rest);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->type, 4);
  EXPECT_EQ(second->payload.size(), 2U);
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(take_attribute(rest));
}

TEST(NetlinkAttribute, WithAnImpossibleLengthEndsTheSearch) {
  for (const char* length : {"0000", "0300", "0900", "ffff"}) {
    const auto bytes = bytes_from_hex(std::string(length) + "0100 aabbccdd");
    EXPECT_FALSE(find_attribute(bytes, 1)) << length;
  }
}

TEST(NetlinkValues, NeedTheirBytes) {
  const auto bytes = bytes_from_hex("0a000001 ff");
  EXPECT_EQ(read_address(Bytes(bytes).first(4))->to_string(), "10.0.0.1");
  EXPECT_FALSE(read_address(bytes));
  EXPECT_FALSE(read_mac(bytes));
  EXPECT_FALSE(read_value<std::uint64_t>(bytes));
  EXPECT_EQ(read_value<std::uint32_t>(bytes), 0x0100000aU);
}

TEST(NetlinkValues, TextEndsAtTheFirstNulOrAtTheEnd) {
  EXPECT_EQ(read_string(bytes_from_hex("6c6f00ff")), "lo");
  EXPECT_EQ(read_string(bytes_from_hex("6c6f")), "lo");
  EXPECT_EQ(read_string({}), "");
}

TEST(NetlinkRequest, IsReadBackAsItWasWritten) {
  NetlinkRequest request(28, NLM_F_CREATE);
  request.header(std::uint32_t{0xabcd})
      .attribute(1, *Address::parse("10.0.0.1"))
      .attribute(2, "veth")
      .attribute(3, std::uint32_t{5})
      .attribute(4, *Address::parse("fd00::1"));
  request.add_flags(NLM_F_ACK);
  Bytes rest = request.finish(9);
  EXPECT_EQ(rest.size() % 4, 0U);
  const auto message = take_message(rest);
  ASSERT_TRUE(message);
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(message->type, 28);
  EXPECT_EQ(message->flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK);
  EXPECT_EQ(message->sequence, 9U);
  Bytes attributes = message->payload;
  EXPECT_EQ(take_header<std::uint32_t>(attributes), 0xabcdU);
  EXPECT_EQ(read_address(*find_attribute(attributes, 1))->to_string(), "10.0.0.1");
  EXPECT_EQ(find_attribute(attributes, 2)->size(), 5U);
  EXPECT_EQ(read_string(*find_attribute(attributes, 2)), "veth");
  EXPECT_EQ(read_value<std::uint32_t>(*find_attribute(attributes, 3)), 5U);
  EXPECT_EQ(read_address(*find_attribute(attributes, 4))->to_string(), "fd00::1");
  EXPECT_FALSE(find_attribute(attributes, 5));
}

NetlinkMessage message_of(std::uint16_t type, std::uint16_t flags, const std::vector<std::byte>& payload) {
  return {.type = type, .flags = flags, .sequence = 0, .payload = payload};
}

const std::string extended_text = "0b00 0100 62616420 6e6f00 00";  // NLMSGERR_ATTR_MSG "bad no"

TEST(NetlinkAck, CarriesTheErrnoAndTheKernelsWordsBehindACappedRequest) {
  const auto payload = bytes_from_hex("eaffffff 40000000 1c000500 01000000 00000000" + extended_text);
  const auto ack = parse_ack(message_of(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, payload));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->code, EINVAL);
  EXPECT_EQ(ack->text, "bad no");
}

TEST(NetlinkAck, FindsTheKernelsWordsBehindAWholeRequest) {
  const auto payload = bytes_from_hex("eaffffff 18000000 1c000500 01000000 00000000 0800010000000000" + extended_text);
  const auto ack = parse_ack(message_of(NLMSG_ERROR, NLM_F_ACK_TLVS, payload));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->text, "bad no");
}

TEST(NetlinkAck, OfARequestLongerThanTheMessageHasNoWords) {
  const auto payload = bytes_from_hex("eaffffff ffffffff 1c000500 01000000 00000000" + extended_text);
  const auto ack = parse_ack(message_of(NLMSG_ERROR, NLM_F_ACK_TLVS, payload));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->code, EINVAL);
  EXPECT_EQ(ack->text, "");
}

TEST(NetlinkAck, OfADumpHasItsWordsRightBehindTheCode) {
  const auto payload = bytes_from_hex("a1ffffff" + extended_text);
  const auto ack = parse_ack(message_of(NLMSG_DONE, NLM_F_ACK_TLVS, payload));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->code, EOPNOTSUPP);
  EXPECT_EQ(ack->text, "bad no");
}

TEST(NetlinkAck, ZeroIsSuccessAndMissingIsSuccessOnlyForADump) {
  EXPECT_EQ(parse_ack(message_of(NLMSG_ERROR, 0, bytes_from_hex("00000000")))->code, 0);
  EXPECT_EQ(parse_ack(message_of(NLMSG_DONE, 0, {}))->code, 0);
  EXPECT_FALSE(parse_ack(message_of(NLMSG_ERROR, 0, bytes_from_hex("0000"))));
}

TEST(NetlinkAck, OfTheLeastIntegerIsAnErrorAndNoOverflow) {
  EXPECT_GT(parse_ack(message_of(NLMSG_ERROR, 0, bytes_from_hex("00000080")))->code, 0);
}

}  // namespace
}  // namespace ballast::net
