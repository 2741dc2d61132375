#include "explain/outcome.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <string_view>

#include "bpf/counters.h"
#include "capture/flow.h"
#include "explain/changes.h"

namespace ballast::explain {
namespace {

struct Cause {
  counter_id counter;
  std::string_view remedy;
};

/// Counters of packets that go no further, as the table of docs/commands.md has them.
constexpr auto causes = std::to_array<Cause>({
    {COUNTER_no_server, "'ipvsadm -Ln': no server, weights of 0, or all above their upper threshold"},
    {COUNTER_no_route,
     "look at routes and addresses of the director; whether forwarding is switched on (sysctl net.ipv4.ip_forward)"},
    {COUNTER_server_gone, "nothing, after a server was deleted: its connections are dropped until they expire"},
    {COUNTER_table_full_dropped, "look for a flood of SYNs, or raise director.connections"},
    {COUNTER_defence_dropped, "nothing while a flood lasts; else look at behaviour.drop_packets"},
    {COUNTER_ttl_exceeded, "look for a routing loop; traceroute sends such packets on purpose"},
    {COUNTER_too_big, "look at the MTU towards the servers of a tunnel; mss_clamp"},
    {COUNTER_replies_refused,
     "nothing, where the connection is over; else look whether it was opened past the director"},
    {COUNTER_no_headroom, "take the TC hook on this interface (hook: tc)"},
    {COUNTER_not_rewritten, "look at the packet's headers ('ballast capture')"},
    {COUNTER_malformed, "look who sends it: the kernel gets it unchanged"},
});

constexpr auto meanings = std::to_array<std::string_view>({
#define BALLAST_COUNTER_HELP(name, help) help,
    BALLAST_COUNTERS(BALLAST_COUNTER_HELP)
#undef BALLAST_COUNTER_HELP
});

bool is_icmp(const capture::Flow& flow) { return flow.protocol == IPPROTO_ICMP || flow.protocol == IPPROTO_ICMPV6; }

bool is_answered(const Answer& answer) { return capture::is_sent(answer.run()) && capture::is_answered(answer.run()); }

/// Of a packet that the programs leave to the kernel.
Reason left_alone(const Answer& answer) {
  const capture::Flow flow = capture::read_flow(answer.frame);
  if (is_icmp(flow)) return {"only ICMP errors about a connection are the director's; the kernel gets the rest", ""};
  if (answer.connection) return {"it is on a connection, but nothing for it to do: the kernel gets it unchanged", ""};
  if (answer.service) {
    return {
        "no connection is known, and this packet starts none (only a SYN, an INIT or a datagram does): the kernel "
        "gets it unchanged",
        "'ballast connections' shows which ones are known"};
  }
  if (answer.to_virtual_address) {
    return {
        "the address is that of other services, but none takes this protocol and port: the kernel gets it unchanged",
        "'ipvsadm -Ln' lists the services"};
  }
  return {"neither a virtual service's packet nor one of a connection: the kernel gets it unchanged",
          "'ipvsadm -Ln' lists the services, 'ballast connections' the connections"};
}

}  // namespace

std::string verdict_words(const Answer& answer) {
  std::string words;
  for (const auto& run : answer.runs) words += (words.empty() ? "" : "; then ") + capture::verdict_words(run);
  return words;
}

std::vector<std::string> rewrites_of(const Answer& answer) {
  if (is_answered(answer) || capture::is_dropped(answer.run())) return {};
  return changes_of(answer.frame, answer.run().left);
}

std::string answer_words(const Answer& answer) {
  if (!is_answered(answer)) return "";
  const auto& left = answer.run().left;
  return fmt::format("{}: {}", capture::describe(left), icmp_error_words(left));
}

std::optional<Reason> reason_of(const Answer& answer) {
  const std::uint64_t counters = answer.counters();
  for (const auto& [counter, remedy] : causes) {
    if ((counters >> counter & 1) != 0) return Reason{std::string(meanings[counter]), std::string(remedy)};
  }
  if (capture::is_sent(answer.run()) || capture::is_changed(answer.run()) ||
      (counters >> COUNTER_forwarded_local & 1) != 0)
    return std::nullopt;
  if (capture::is_dropped(answer.run())) return Reason{"the program dropped it without a counter", ""};
  return left_alone(answer);
}

}  // namespace ballast::explain
