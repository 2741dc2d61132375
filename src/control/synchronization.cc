#include "control/synchronization.h"

#include <algorithm>
#include <iterator>

namespace ballast::control {
namespace {

bool has_role(const cluster::KernelSync& daemon, bool master) { return master ? daemon.master : daemon.backup; }

std::string words(const sync::PeerState& peer) {
  if (peer.complete) return "complete";
  if (peer.connected) return "connected";
  return peer.problem.empty() ? "connecting" : peer.problem;
}

std::string words(const sync::CallerState& caller) {
  if (caller.connected == 0) return "gone";
  return caller.complete ? "complete" : "connected";
}

}  // namespace

Result<void> start_kernel_sync(Draft& draft, const cluster::KernelSync& daemon) {
  auto& running = draft.cluster.sync.kernel;
  const bool there = std::ranges::any_of(running, [&](const auto& one) { return has_role(one, daemon.master); });
  if (there) return fail("a daemon of that role runs", EEXIST);
  running.push_back(daemon);
  running.back().by_command = true;
  return {};
}

Result<void> stop_kernel_sync(Draft& draft, bool master) {
  auto& running = draft.cluster.sync.kernel;
  const auto found = std::ranges::find_if(running, [&](const auto& one) { return has_role(one, master); });
  if (found == running.end()) return fail("no daemon of that role runs", ESRCH);
  (master ? found->master : found->backup) = false;
  if (!found->master && !found->backup) running.erase(found);
  return {};
}

std::vector<cluster::KernelSync> kernel_sync_of_commands(const cluster::Cluster& cluster) {
  std::vector<cluster::KernelSync> made;
  std::ranges::copy_if(cluster.sync.kernel, std::back_inserter(made), &cluster::KernelSync::by_command);
  return made;
}

cluster::SyncSettings with_roles(cluster::SyncSettings settings, const std::set<std::string>& active) {
  for (auto& daemon : settings.kernel) {
    if (daemon.instance.empty()) continue;
    daemon.master = active.contains(daemon.instance);
    daemon.backup = !daemon.master;
  }
  return settings;
}

SyncView sync_view(const sync::State& state) {
  SyncView view{
      .listen = state.listen, .peers = {}, .callers = {}, .kernel = {}, .lost = state.lost, .prompted = state.prompted};
  for (const auto& peer : state.peers) view.peers.push_back({peer.peer, words(peer), peer.told, peer.taken});
  for (const auto& [address, caller] : state.callers) {
    view.callers.push_back({address, words(caller), caller.taken, caller.refused, caller.malformed});
  }
  for (const auto& kernel : state.kernel) {
    KernelSyncView one{kernel.settings, kernel.told, kernel.taken.taken, kernel.taken.refused, 0};
    for (const auto& [reason, count] : kernel.refused) one.malformed += count;
    view.kernel.push_back(std::move(one));
  }
  return view;
}

}  // namespace ballast::control
