#include "config/keepalived/vrrp_parts.h"

namespace ballast::config::keepalived {

void read_tracks(std::vector<cluster::Track>& tracks, cluster::Track::Kind kind, const Node& block, Context& context) {
  constexpr std::int64_t most_weight = 254;
  for (const Node& line : block.children) {
    const auto weight = weight_of(line, context, most_weight);
    if (!weight) continue;
    tracks.push_back({.kind = kind, .name = line.keyword(), .weight = weight->weight, .reverse = weight->reverse});
  }
}

}  // namespace ballast::config::keepalived
