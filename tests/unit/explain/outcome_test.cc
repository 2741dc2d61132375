#include "explain/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <algorithm>

#include "bpf/counters.h"

namespace ballast::explain {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

capture::Run run(const capture::Bytes& came, const capture::Bytes& left, abi::capture_hook hook, std::int32_t verdict,
                 std::uint64_t counters = 0) {
  capture::Run out;
  out.left = left;
  out.record.hook = hook;
  out.record.verdict = verdict;
  out.record.counters = counters;
  out.record.length_in = out.record.head_length = static_cast<std::uint32_t>(came.size());
  out.record.length_out = out.record.captured = static_cast<std::uint32_t>(left.size());
  std::ranges::copy(came, out.record.head);
  return out;
}

capture::Bytes frame(std::string_view to) {
  return *frame_of({.from = *net::Endpoint::parse("1.2.3.4:5555"), .to = *net::Endpoint::parse(to)}, true);
}

const capture::Bytes came = frame("10.0.0.13:80"), translated = frame("10.0.0.21:80");

Answer answer(std::vector<capture::Run> runs) {
  Answer out;
  out.frame = came;
  out.runs = std::move(runs);
  return out;
}

TEST(Outcome, OfAPuntIsBothVerdictsAndNoReason) {
  const auto told = answer({run(came, came, abi::CAPTURE_XDP, XDP_PASS, 1ULL << COUNTER_punted),
                            run(came, translated, abi::CAPTURE_TC_INGRESS, TC_ACT_REDIRECT)});
  EXPECT_EQ(verdict_words(told), "passed to the kernel, XDP_PASS; then forwarded, TC_ACT_REDIRECT");
  EXPECT_FALSE(reason_of(told).has_value());
  EXPECT_EQ(rewrites_of(told), std::vector<std::string>{"destination 10.0.0.13:80 -> 10.0.0.21:80"});
}

TEST(Outcome, OfADropIsTheCountersMeaningAndItsRemedy) {
  const auto told = answer({run(came, came, abi::CAPTURE_TC_INGRESS, TC_ACT_SHOT, 1ULL << COUNTER_no_route)});
  EXPECT_EQ(verdict_words(told), "dropped, TC_ACT_SHOT");
  EXPECT_THAT(rewrites_of(told), IsEmpty());
  EXPECT_EQ(reason_of(told)->why, "packets dropped because there is no route to the next hop");
  EXPECT_THAT(reason_of(told)->remedy, HasSubstr("net.ipv4.ip_forward"));
}

TEST(Outcome, OfWhatIsLeftAloneIsWhyNobodyTakesIt) {
  auto told = answer({run(came, came, abi::CAPTURE_TC_INGRESS, TC_ACT_UNSPEC)});
  EXPECT_THAT(reason_of(told)->why, HasSubstr("neither a virtual service's packet nor one of a connection"));
  told.to_virtual_address = true;
  EXPECT_THAT(reason_of(told)->why, HasSubstr("none takes this protocol and port"));
  told.service.emplace();
  EXPECT_THAT(reason_of(told)->why, HasSubstr("this packet starts none"));
}

}  // namespace
}  // namespace ballast::explain
