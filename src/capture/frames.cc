#include "capture/frames.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "bpf/counters.h"
#include "capture/flow.h"

namespace ballast::capture {
namespace {

constexpr auto counter_names = std::to_array<std::string_view>({
#define BALLAST_COUNTER_NAME(name, help) #name,
    BALLAST_COUNTERS(BALLAST_COUNTER_NAME)
#undef BALLAST_COUNTER_NAME
});

enum class Fate { passed, dropped, sent };

struct Meaning {
  std::int32_t verdict;
  Fate fate;
  std::string_view name;
};
constexpr auto xdp_verdicts = std::to_array<Meaning>({{XDP_ABORTED, Fate::dropped, "XDP_ABORTED"},
                                                      {XDP_DROP, Fate::dropped, "XDP_DROP"},
                                                      {XDP_PASS, Fate::passed, "XDP_PASS"},
                                                      {XDP_TX, Fate::sent, "XDP_TX"},
                                                      {XDP_REDIRECT, Fate::sent, "XDP_REDIRECT"}});
constexpr auto tc_verdicts = std::to_array<Meaning>({{TC_ACT_UNSPEC, Fate::passed, "TC_ACT_UNSPEC"},
                                                     {TC_ACT_OK, Fate::passed, "TC_ACT_OK"},
                                                     {TC_ACT_SHOT, Fate::dropped, "TC_ACT_SHOT"},
                                                     {TC_ACT_REDIRECT, Fate::sent, "TC_ACT_REDIRECT"}});

template <std::size_t count>
Meaning find(const std::array<Meaning, count>& meanings, std::int32_t verdict) {
  const auto found = std::ranges::find(meanings, verdict, &Meaning::verdict);
  return found == meanings.end() ? Meaning{verdict, Fate::passed, "unknown verdict"} : *found;
}

Meaning meaning_of(const abi::capture_record& record) {
  return record.hook == abi::CAPTURE_XDP ? find(xdp_verdicts, record.verdict) : find(tc_verdicts, record.verdict);
}

std::string in_brackets(const std::vector<std::string_view>& counters) {
  return counters.empty() ? "" : fmt::format(" ({})", fmt::join(counters, ", "));
}

bool is_icmp(const Flow& flow) { return flow.protocol == IPPROTO_ICMP || flow.protocol == IPPROTO_ICMPV6; }

std::span<const std::uint8_t> head_of(const abi::capture_record& record) {
  return {record.head, std::min<std::size_t>(record.head_length, sizeof record.head)};
}

Bytes bytes_that_came(const Run& run, std::uint32_t snap_length) {
  const auto head = head_of(run.record);
  const std::size_t wanted = std::min(run.record.length_in, snap_length);
  Bytes bytes(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(std::min(head.size(), wanted)));
  if (wanted <= bytes.size() || run.record.length_out < run.record.length_in || is_answered(run)) return bytes;
  const std::size_t grown = run.record.length_out - run.record.length_in;
  const std::size_t from = bytes.size() + grown;
  const std::size_t to = std::min(wanted + grown, run.left.size());
  if (from < to)
    bytes.insert(bytes.end(), run.left.begin() + static_cast<std::ptrdiff_t>(from),
                 run.left.begin() + static_cast<std::ptrdiff_t>(to));
  return bytes;
}

std::string fate_words(const Run& run, const Meaning& meaning, bool changed) {
  switch (meaning.fate) {
    case Fate::dropped:
      return "dropped";
    case Fate::sent:
      return is_answered(run) ? "answered" : "forwarded";
    case Fate::passed:
      return changed ? "changed and passed to the kernel" : "passed to the kernel";
  }
  return "";
}

}  // namespace

std::string verdict_words(const Run& run) {
  const Meaning meaning = meaning_of(run.record);
  return fmt::format("{}, {}", fate_words(run, meaning, is_changed(run)), meaning.name);
}

bool is_sent(const Run& run) { return meaning_of(run.record).fate == Fate::sent; }
bool is_dropped(const Run& run) { return meaning_of(run.record).fate == Fate::dropped; }
bool is_answered(const Run& run) { return is_icmp(read_flow(run.left)) && !is_icmp(read_flow(head_of(run.record))); }

bool is_changed(const Run& run) {
  const auto head = head_of(run.record);
  return run.record.length_in != run.record.length_out ||
         !std::ranges::equal(head.first(std::min(head.size(), run.left.size())),
                             std::span(run.left).first(std::min(head.size(), run.left.size())));
}

std::vector<std::string_view> counters_raised(std::uint64_t bits) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < counter_names.size(); ++i) {
    if ((bits >> i & 1) != 0) names.push_back(counter_names[i]);
  }
  return names;
}

std::vector<Frame> frames_of(const Run& run, std::uint32_t snap_length) {
  const auto& record = run.record;
  const Meaning meaning = meaning_of(record);
  const bool changed = is_changed(run);
  Frame frame;
  frame.monotonic = record.arrival;
  frame.interface_index = record.interface_index;
  frame.hook = static_cast<abi::capture_hook>(record.hook);
  frame.verdict = record.verdict;
  frame.length = record.length_in;
  frame.bytes = bytes_that_came(run, snap_length);
  frame.fate = verdict_words(run) + in_brackets(counters_raised(record.counters));
  std::vector<Frame> frames = {frame};
  if (meaning.fate == Fate::sent || (meaning.fate == Fate::passed && changed)) {
    frame.out = true;
    frame.monotonic = record.departure;
    frame.length = record.length_out;
    frame.bytes = run.left;
    frames.push_back(std::move(frame));
  }
  return frames;
}

std::string hook_word(abi::capture_hook hook) {
  return hook == abi::CAPTURE_XDP ? "xdp" : hook == abi::CAPTURE_TC_INGRESS ? "tc" : "tc-out";
}

std::string hook_title(abi::capture_hook hook) {
  return hook == abi::CAPTURE_XDP ? "XDP" : hook == abi::CAPTURE_TC_INGRESS ? "TC ingress" : "TC egress";
}

}  // namespace ballast::capture
