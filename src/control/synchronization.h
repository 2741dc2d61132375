// Synchronization as commands see it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "cluster/sync.h"
#include "control/api.h"
#include "control/draft.h"
#include "sync/synchronizer.h"

namespace ballast::control {

/// ip_vs's daemons, as `ipvsadm --start-daemon` starts them: `daemon` has one role. EEXIST: one of that role runs.
Result<void> start_kernel_sync(Draft& draft, const cluster::KernelSync& daemon);
/// ESRCH: there is none of that role.
Result<void> stop_kernel_sync(Draft& draft, bool master);

/// Those of `cluster` that commands started.
std::vector<cluster::KernelSync> kernel_sync_of_commands(const cluster::Cluster& cluster);

/// `settings` with the roles that go with the instances of VRRP that are active.
cluster::SyncSettings with_roles(cluster::SyncSettings settings, const std::set<std::string>& active);

SyncView sync_view(const sync::State& state);

}  // namespace ballast::control
