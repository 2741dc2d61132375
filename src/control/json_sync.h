// Synchronization as JSON.
#pragma once

#include "control/api.h"
#include "control/json_fields.h"

namespace ballast::control::json {

template <typename Fields, Is<cluster::KernelSync> V>
void describe(Fields& fields, V& daemon) {
  fields.optional_member("master", daemon.master);
  fields.optional_member("backup", daemon.backup);
  fields.member("interface", daemon.interface);
  fields.rare_member("instance", daemon.instance);
  fields.optional_member("id", daemon.id);
  fields.optional_member("port", daemon.port);
  fields.optional_member("group", daemon.group);
  fields.optional_member("ttl", daemon.ttl);
  fields.optional_member("message_bytes", daemon.message_bytes);
  fields.rare_member("by_command", daemon.by_command);
}

template <typename Fields, Is<SyncPeerView> V>
void describe(Fields& fields, V& peer) {
  fields.member("peer", peer.peer);
  fields.member("state", peer.state);
  fields.member("told", peer.told);
  fields.member("taken", peer.taken);
}

template <typename Fields, Is<SyncCallerView> V>
void describe(Fields& fields, V& caller) {
  fields.member("address", caller.address);
  fields.member("state", caller.state);
  fields.member("taken", caller.taken);
  fields.member("refused", caller.refused);
  fields.member("malformed", caller.malformed);
}

template <typename Fields, Is<KernelSyncView> V>
void describe(Fields& fields, V& kernel) {
  fields.member("daemon", kernel.daemon);
  fields.member("told", kernel.told);
  fields.member("taken", kernel.taken);
  fields.member("refused", kernel.refused);
  fields.member("malformed", kernel.malformed);
}

template <typename Fields, Is<SyncView> V>
void describe(Fields& fields, V& view) {
  fields.member("listen", view.listen);
  fields.member("peers", view.peers);
  fields.member("callers", view.callers);
  fields.member("kernel", view.kernel);
  fields.member("lost", view.lost);
  fields.member("prompted", view.prompted);
}

}  // namespace ballast::control::json
