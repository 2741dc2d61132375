// The plane of synchronization: tells other directors of the connections here, and takes what they tell.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cluster/sync.h"
#include "sync/kernel_daemon.h"
#include "sync/listener.h"
#include "sync/peer.h"
#include "sync/table.h"
#include "sync/takeover.h"

namespace ballast::sync {

/// One role of ip_vs's protocol, as `ipvsadm -L --daemon` lists it.
struct KernelState {
  cluster::KernelSync settings;  ///< `message_bytes` and `group` filled in
  std::uint64_t told = 0;
  Taken taken;
  std::map<Refusal, std::uint64_t> refused;
};

struct State {
  std::optional<net::Endpoint> listen;
  std::vector<PeerState> peers;
  std::vector<std::pair<std::string, CallerState>> callers;
  std::vector<KernelState> kernel;
  std::uint64_t lost = 0;      ///< changes that were not told when they were made, but later
  std::uint64_t prompted = 0;  ///< connections whose ends were asked where they stand
};

class Synchronizer {
 public:
  Synchronizer(boost::asio::io_context& context, Table table);
  ~Synchronizer();
  Synchronizer(const Synchronizer&) = delete;
  Synchronizer& operator=(const Synchronizer&) = delete;

  /// Brings it to what is wanted, by the difference. After an Error it is as it was.
  Result<void> apply(const cluster::SyncSettings& wanted);

  /// The configured real servers changed: connections that were refused for want of one are asked for again.
  void servers_changed();

  [[nodiscard]] State state() const;

 private:
  struct Kernel {
    cluster::KernelSync settings;
    std::unique_ptr<KernelMaster> master;
    std::shared_ptr<KernelBackup> backup;
  };

  Result<void> apply_kernel(const std::vector<cluster::KernelSync>& wanted);
  Result<void> apply_peers(const std::optional<cluster::PeerSync>& wanted);
  [[nodiscard]] bool tells() const;
  void wait();
  void step();
  void tell(const cluster::Connection& connection);
  void hand_over();
  void refresh();

  boost::asio::io_context& context_;
  Table table_;
  boost::asio::steady_timer timer_;
  cluster::SyncSettings settings_;
  std::vector<Kernel> kernel_;
  std::vector<std::shared_ptr<Peer>> peers_;
  std::shared_ptr<Listener> listener_;
  std::unique_ptr<Takeover> takeover_;
  Bytes records_;  ///< changes that are not handed to the peers yet
  std::uint32_t count_ = 0;
  std::optional<std::uint32_t> refresh_;  ///< cursor of the walk by which everything is told again
  std::chrono::steady_clock::time_point next_refresh_;
  std::uint64_t lost_ = 0;
  bool running_ = false;
};

}  // namespace ballast::sync
