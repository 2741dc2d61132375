// What virtual routers and their sync groups have in common: notify commands and tracks.
#pragma once

#include <array>
#include <vector>

#include "cluster/vrrp.h"
#include "config/keepalived/keywords.h"

namespace ballast::config::keepalived {

/// Reads a block of tracks, "NAME [weight N [reverse]]" each.
void read_tracks(std::vector<cluster::Track>& tracks, cluster::Track::Kind kind, const Node& block, Context& context);

/// The keywords of tracks and notify commands for a `T` that has `tracks` and `notify`.
template <typename T>
inline constexpr auto common_vrrp_keywords = std::to_array<Keyword<T>>({
    {"notify_master", [](T& t, const Node& node, Context& x) { set_command(t.notify.master, t.notify.user, node, x); }},
    {"notify_backup", [](T& t, const Node& node, Context& x) { set_command(t.notify.backup, t.notify.user, node, x); }},
    {"notify_fault", [](T& t, const Node& node, Context& x) { set_command(t.notify.fault, t.notify.user, node, x); }},
    {"notify_stop", [](T& t, const Node& node, Context& x) { set_command(t.notify.stop, t.notify.user, node, x); }},
    {"notify_deleted",
     [](T& t, const Node& node, Context& x) {
       if (node.size() > 1) set_command(t.notify.deleted, t.notify.user, node, x);
     }},
    {"notify", [](T& t, const Node& node, Context& x) { set_command(t.notify.any, t.notify.user, node, x); }},
    {"notify_priority_changes",
     [](T& t, const Node& node, Context& x) { t.notify.priority_changes = boolean_of(node, x).value_or(false); }},
    {"smtp_alert", [](T& t, const Node& node, Context& x) { t.notify.mail = boolean_of(node, x).value_or(false); }},
    {"track_interface",
     [](T& t, const Node& node, Context& x) { read_tracks(t.tracks, cluster::Track::Kind::interface, node, x); }},
    {"track_script",
     [](T& t, const Node& node, Context& x) { read_tracks(t.tracks, cluster::Track::Kind::script, node, x); }},
    {"track_file",
     [](T& t, const Node& node, Context& x) { read_tracks(t.tracks, cluster::Track::Kind::file, node, x); }},
    {"track_process",
     [](T& t, const Node& node, Context& x) { read_tracks(t.tracks, cluster::Track::Kind::process, node, x); }},
});

}  // namespace ballast::config::keepalived
