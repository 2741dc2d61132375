// The section `sync:` of the native configuration.
#pragma once

#include <string>

#include "cluster/model.h"
#include "config/value.h"

namespace ballast::config {

/// Reads `sync:`. A `key_file` is read at once.
cluster::SyncSettings read_sync(const Value& section);

/// The VRRP instances that `sync:` follows must be there.
void check_followed_instances(const Value& section, const cluster::Cluster& cluster);

/// What read_sync() reads into equal settings; empty where there are none.
std::string sync_text(const cluster::SyncSettings& settings);

}  // namespace ballast::config
