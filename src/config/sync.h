// The section `sync:` of the native configuration.
#pragma once

#include <string>

#include "cluster/sync.h"
#include "config/value.h"

namespace ballast::config {

/// Reads `sync:`. A `key_file` is read at once.
cluster::SyncSettings read_sync(const Value& section);

/// What read_sync() reads into equal settings; empty where there are none.
std::string sync_text(const cluster::SyncSettings& settings);

}  // namespace ballast::config
