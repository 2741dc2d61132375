#include <algorithm>

#include "config/keepalived/document.h"
#include "config/keepalived/vrrp_parts.h"

namespace ballast::config::keepalived {
namespace {

using cluster::Track;
using cluster::VrrpSyncGroup;

constexpr auto own_keywords = std::to_array<Keyword<VrrpSyncGroup>>({
    {"group",
     [](VrrpSyncGroup& g, const Node& node, Context&) {
       for (const Node& line : node.children) {
         g.instances.insert(g.instances.end(), line.words().begin(), line.words().end());
       }
     }},
    {"sync_group_tracking_weight", [](VrrpSyncGroup& g, const Node&, Context&) { g.track_with_weights = true; }},
});

constexpr auto unused = std::to_array<Unused>({
    {"track_bfd", "there is no BFD"},
    {"global_tracking", "tracks of members count for the group anyway"},
});

/// The keywords of a group: its own and those that instances have too.
std::vector<Keyword<VrrpSyncGroup>> all_keywords() {
  std::vector<Keyword<VrrpSyncGroup>> all(own_keywords.begin(), own_keywords.end());
  const auto& common = common_vrrp_keywords<VrrpSyncGroup>;
  all.insert(all.end(), common.begin(), common.end());
  return all;
}

std::string_view kind_name(Track::Kind kind) {
  switch (kind) {
    case Track::Kind::script:
      return "script";
    case Track::Kind::file:
      return "file";
    case Track::Kind::process:
      return "process";
    default:
      return {};
  }
}

/// Drops tracks of what is not defined, as keepalived does.
void drop_unknown(std::vector<Track>& tracks, const std::string& owner, const Document& document, Context& context) {
  std::erase_if(tracks, [&](const Track& track) {
    const auto kind = kind_name(track.kind);
    if (kind.empty() || document.names.contains(fmt::format("{} {}", kind, track.name))) return false;
    context.report.warning(document.names.at(owner),
                           fmt::format("there is no {} {}, which is tracked here: left out", kind, quoted(track.name)));
    return true;
  });
}

}  // namespace

void read_sync_group(Document& document, const Node& block, Context& context) {
  const auto name = defined_name(document, "group", block, context);
  if (!name) return;
  VrrpSyncGroup group;
  group.name = *name;
  group.notify.user = document.globals.script_user;
  group.notify.priority_changes = document.globals.priority_changes;
  group.notify.mail = document.globals.mail_vrrp.value_or(document.globals.mail_all.value_or(false));
  read_block<VrrpSyncGroup>(all_keywords(), unused, group, block, "of a vrrp_sync_group", context);
  document.vrrp.groups.push_back(std::move(group));
}

void check_references(Document& document, Context& context) {
  for (auto& instance : document.vrrp.instances) {
    drop_unknown(instance.tracks, "instance " + instance.name, document, context);
  }
  for (auto& group : document.vrrp.groups) {
    const std::string owner = "group " + group.name;
    drop_unknown(group.tracks, owner, document, context);
    for (const std::string& member : group.instances) {
      if (document.names.contains("instance " + member)) continue;
      context.report.error(document.names.at(owner), fmt::format("there is no vrrp_instance {}", quoted(member)));
    }
  }
  const auto& sync = document.globals.sync;
  if (sync && !sync->instance.empty() && !document.names.contains("instance " + sync->instance)) {
    context.report.error(document.globals.sync_at,
                         fmt::format("lvs_sync_daemon: there is no vrrp_instance {}", quoted(sync->instance)));
  }
}

}  // namespace ballast::config::keepalived
