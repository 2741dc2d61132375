#include <array>

#include "config/keepalived/virtual_server.h"

namespace ballast::config::keepalived {
namespace {

constexpr std::int64_t most_weight = 65535;
constexpr std::int64_t most_connections = 0x7fffffff;

constexpr auto own_keywords = std::to_array<Keyword<RealServer>>({
    {"weight",
     [](RealServer& r, const Node& node, Context& x) {
       r.weight = static_cast<std::uint32_t>(number_of(node, x, 0, most_weight).value_or(r.weight));
     }},
    {"lvs_method", [](RealServer& r, const Node& node, Context& x) { r.forwarding = read_forwarding(node, x); }},
    {"lb_kind", [](RealServer& r, const Node& node, Context& x) { r.forwarding = read_forwarding(node, x); }},
    {"uthreshold",
     [](RealServer& r, const Node& node, Context& x) {
       r.upper_threshold = static_cast<std::uint32_t>(number_of(node, x, 0, most_connections).value_or(0));
     }},
    {"lthreshold",
     [](RealServer& r, const Node& node, Context& x) {
       r.lower_threshold = static_cast<std::uint32_t>(number_of(node, x, 0, most_connections).value_or(0));
     }},
    {"inhibit_on_failure", [](RealServer& r, const Node& node, Context& x) { r.inhibit = boolean_of(node, x); }},
    {"notify_up",
     [](RealServer& r, const Node& node, Context& x) { set_command(r.up_command, r.command_user, node, x); }},
    {"notify_down",
     [](RealServer& r, const Node& node, Context& x) { set_command(r.down_command, r.command_user, node, x); }},
    {"virtualhost",
     [](RealServer& r, const Node& node, Context& x) { r.virtual_host = text_of(node, x).value_or(""); }},
});

constexpr auto unused = std::to_array<Unused>({
    {"smtp_alert", "mail is switched on or off for a virtual server"},
    {"snmp_name", "there is no SNMP"},
});

std::vector<Keyword<RealServer>> all_keywords() {
  std::vector<Keyword<RealServer>> all(own_keywords.begin(), own_keywords.end());
  for (const auto name : timing_keywords()) {
    all.push_back({name, [](RealServer& r, const Node& node, Context& x) { read_timing(r.timing, node, x); }});
  }
  for (const auto name : checker_keywords()) {
    all.push_back({name, [](RealServer& r, const Node& node, Context&) { r.checkers.push_back(&node); }});
  }
  return all;
}

}  // namespace

void read_real_server(VirtualServer& server, const Node& block, Context& context) {
  const auto address = address_of(block, context);
  const auto port = port_of(block, context, 2);
  RealServer real{
      .address = port ? address : std::nullopt, .port = port.value_or(0), .weight = server.weight, .at = block.at};
  read_block<RealServer>(all_keywords(), unused, real, block, "of a real_server", context);
  server.reals.push_back(std::move(real));
}

}  // namespace ballast::config::keepalived
