#include "config/keepalived/vrrp_parts.h"

namespace ballast::config::keepalived {

void set_command(cluster::VrrpNotify& notify, std::string cluster::VrrpNotify::* command, const Node& node,
                 Context& context) {
  const auto script = script_of(node, context);
  if (!script) return;
  notify.*command = script->command;
  if (script->user.empty() || script->user == notify.user) return;
  if (!notify.user.empty()) {
    context.report.warning(
        node.at, fmt::format("all notify commands run as {}, the last one that is named", quoted(script->user)));
  }
  notify.user = script->user;
}

void read_tracks(std::vector<cluster::Track>& tracks, cluster::Track::Kind kind, const Node& block, Context& context) {
  constexpr std::int64_t most_weight = 254;
  for (const Node& line : block.children) {
    const auto weight = weight_of(line, context, most_weight);
    if (!weight) continue;
    tracks.push_back({.kind = kind, .name = line.keyword(), .weight = weight->weight, .reverse = weight->reverse});
  }
}

}  // namespace ballast::config::keepalived
