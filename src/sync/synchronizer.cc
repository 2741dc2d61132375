#include "sync/synchronizer.h"

#include <algorithm>

#include "base/log.h"
#include "sync/record.h"

namespace ballast::sync {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds interval{10};
/// Everything is told again so often, since what others have grows old there.
constexpr std::chrono::seconds refresh_interval{60};
constexpr std::uint32_t connections_per_step = 1024;

/// Whether somebody tells this director of connections that it may have to take over.
bool wants_prompts(const cluster::SyncSettings& settings) {
  const bool told =
      (settings.peers && settings.peers->listen) || std::ranges::any_of(settings.kernel, [](const auto& daemon) {
        return daemon.backup || !daemon.instance.empty();  // it was a backup until a moment ago
      });
  return told && settings.prompt;
}

}  // namespace

Synchronizer::Synchronizer(boost::asio::io_context& context, Table table)
    : context_(context), table_(std::move(table)), timer_(context) {}

Synchronizer::~Synchronizer() {
  for (const auto& peer : peers_) peer->stop();
  for (const auto& kernel : kernel_) {
    if (kernel.backup) kernel.backup->stop();
  }
  if (listener_) listener_->stop();
}

Result<void> Synchronizer::apply(const cluster::SyncSettings& wanted) {
  if (wanted == settings_) return {};
  std::unique_ptr<Takeover> fresh;
  if (!takeover_ && wants_prompts(wanted)) {
    auto takeover = Takeover::start(context_, table_);
    if (!takeover) return std::unexpected(takeover.error());
    fresh = std::move(*takeover);
  }
  if (auto applied = apply_kernel(wanted.kernel); !applied) return applied;
  if (auto applied = apply_peers(wanted.peers); !applied) {
    std::ignore = apply_kernel(settings_.kernel);
    return applied;
  }
  if (fresh || !wants_prompts(wanted)) takeover_ = std::move(fresh);
  settings_ = wanted;
  const bool runs = tells();
  if (runs == running_) return {};
  running_ = runs;
  table_.keep_changes(runs);
  if (!runs) {
    timer_.cancel();
    return {};
  }
  next_refresh_ = Clock::now() + refresh_interval;
  wait();
  return {};
}

void Synchronizer::servers_changed() {
  if (listener_) listener_->servers_changed();
}

bool Synchronizer::tells() const {
  return !peers_.empty() || std::ranges::any_of(kernel_, [](const Kernel& kernel) { return kernel.master != nullptr; });
}

Result<void> Synchronizer::apply_kernel(const std::vector<cluster::KernelSync>& wanted) {
  std::vector<Kernel> next;
  for (const auto& settings : wanted) {
    const auto running = std::ranges::find(kernel_, settings, &Kernel::settings);
    if (running != kernel_.end()) {
      next.push_back(std::move(*running));
      kernel_.erase(running);
      continue;
    }
    Kernel made{.settings = settings, .master = nullptr, .backup = nullptr};
    Result<void> failed;
    if (settings.master) {
      auto master = KernelMaster::start(context_, settings);
      if (master) made.master = std::move(*master);
      if (!master) failed = std::unexpected(master.error());
    }
    if (settings.backup && failed) {
      auto backup = KernelBackup::start(context_, settings, table_.admit);
      if (backup) made.backup = std::move(*backup);
      if (!backup) failed = std::unexpected(backup.error());
    }
    if (!failed) {
      // What ran goes on; what was made for the wanted ones ends with `next`.
      for (auto& kept : next) {
        if (std::ranges::find(settings_.kernel, kept.settings) != settings_.kernel.end()) {
          kernel_.push_back(std::move(kept));
        } else if (kept.backup) {
          kept.backup->stop();
        }
      }
      return failed;
    }
    next.push_back(std::move(made));
  }
  for (const auto& ended : kernel_) {
    if (ended.backup) ended.backup->stop();
  }
  kernel_ = std::move(next);
  return {};
}

Result<void> Synchronizer::apply_peers(const std::optional<cluster::PeerSync>& wanted) {
  if (wanted == settings_.peers) return {};
  const bool other_key = !wanted || !settings_.peers || wanted->key != settings_.peers->key;
  const auto listen = wanted ? wanted->listen : std::nullopt;
  const auto listened = settings_.peers ? settings_.peers->listen : std::nullopt;
  if (listen != listened || (listen && other_key)) {
    // The address is free only when the running one has given it up.
    if (listener_ && listen == listened) listener_->stop();
    std::shared_ptr<Listener> next;
    if (listen) {
      next = std::make_shared<Listener>(context_, wanted->key, table_.admit);
      if (auto started = next->start(*listen); !started) return started;
    }
    if (listener_) listener_->stop();
    listener_ = std::move(next);
  }
  std::vector<std::shared_ptr<Peer>> peers;
  for (const auto& endpoint : wanted ? wanted->peers : std::vector<net::Endpoint>{}) {
    const auto running = std::ranges::find(peers_, endpoint, [](const auto& peer) { return peer->state().peer; });
    if (running != peers_.end() && !other_key) {
      peers.push_back(*running);
      continue;
    }
    peers.push_back(std::make_shared<Peer>(context_, endpoint, wanted->key));
    peers.back()->start();
  }
  for (const auto& peer : peers_) {
    if (std::ranges::find(peers, peer) == peers.end()) peer->stop();
  }
  peers_ = std::move(peers);
  return {};
}

void Synchronizer::wait() {
  timer_.expires_after(interval);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || !running_) return;
    step();
    wait();
  });
}

void Synchronizer::tell(const cluster::Connection& connection) {
  if (!cluster::concerns_others(connection)) return;
  for (const auto& kernel : kernel_) {
    if (kernel.master) kernel.master->tell(connection);
  }
  write_record(records_, connection);
  ++count_;
  if (records_.size() > most_content_bytes / 2) hand_over();
}

void Synchronizer::hand_over() {
  if (count_ == 0) return;
  for (const auto& peer : peers_) peer->tell(records_, count_);
  records_.clear();
  count_ = 0;
}

void Synchronizer::step() {
  const std::uint64_t lost = table_.changes([this](const cluster::Connection& connection) { tell(connection); });
  lost_ += lost;
  if (lost > 0) {
    log::info("sync: {} changes came too fast to be told one by one: everything is told again", lost);
    for (const auto& peer : peers_) peer->tell_everything();
    refresh_ = 0;
  }
  refresh();
  hand_over();
  for (const auto& kernel : kernel_) {
    if (kernel.master) kernel.master->flush();
  }
  for (const auto& peer : peers_) peer->step(table_);
}

void Synchronizer::refresh() {
  const auto now = Clock::now();
  if (!refresh_ && now >= next_refresh_) refresh_ = 0;
  if (!refresh_) return;
  next_refresh_ = now + refresh_interval;
  refresh_ =
      table_.walk(*refresh_, connections_per_step, [this](const cluster::Connection& connection) { tell(connection); });
}

State Synchronizer::state() const {
  State state;
  if (settings_.peers) state.listen = settings_.peers->listen;
  for (const auto& peer : peers_) state.peers.push_back(peer->state());
  if (listener_) state.callers.assign(listener_->callers().begin(), listener_->callers().end());
  for (const auto& kernel : kernel_) {
    KernelState one{.settings = kernel.settings, .told = 0, .taken = {}, .refused = {}};
    if (const auto longest = longest_message(kernel.settings)) one.settings.message_bytes = *longest;
    if (!one.settings.group) one.settings.group = net::Address::parse("224.0.0.81");
    if (kernel.master) one.told = kernel.master->sent();
    if (kernel.backup) one.taken = kernel.backup->taken();
    if (kernel.backup) one.refused = kernel.backup->refused();
    state.kernel.push_back(std::move(one));
  }
  state.lost = lost_;
  if (takeover_) state.prompted = takeover_->prompted();
  return state;
}

}  // namespace ballast::sync
