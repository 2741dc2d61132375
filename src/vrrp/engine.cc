#include "vrrp/engine.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "base/log.h"

namespace ballast::vrrp {
namespace {

/// Long enough for a change of a large table.
constexpr std::chrono::seconds longest_silence_of_director{10};

template <typename Range, typename T, typename Projection = std::identity>
bool contains(const Range& range, const T& value, Projection projection = {}) {
  return std::ranges::find(range, value, projection) != std::ranges::end(range);
}

/// What a running router cannot change: the rest of its settings can.
bool is_same_router(const cluster::VrrpInstance& a, const cluster::VrrpInstance& b) {
  const auto identity = [](const cluster::VrrpInstance& instance) {
    return std::tie(instance.interface, instance.router_id, instance.version, instance.family, instance.source,
                    instance.peers, instance.multicast_group, instance.virtual_mac, instance.virtual_mac_interface,
                    instance.mac, instance.advertise_from_interface);
  };
  return identity(a) == identity(b);
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(boost::asio::io_context& context, Notify notify) {
  auto socket = net::NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return std::unexpected(socket.error());
  auto frames = net::PacketSocket::open();
  if (!frames) return std::unexpected(frames.error());
  std::unique_ptr<Engine> engine(new Engine(context, std::move(notify), std::move(*socket), std::move(*frames)));
  auto watch =
      Watch::open(context, [engine = engine.get()](const NetworkChange& change) { engine->network_changed(change); });
  if (!watch) return std::unexpected(watch.error());
  engine->watch_ = std::move(*watch);
  return engine;
}

Engine::Engine(boost::asio::io_context& context, Notify notify, net::NetlinkSocket socket, net::PacketSocket frames)
    : context_(context),
      notify_(std::move(notify)),
      socket_(std::move(socket)),
      announcer_(context, std::move(frames)),
      receivers_(context, [this](std::uint32_t index, const Received& packet) { received(index, packet); }),
      timer_(context) {}

void Engine::apply(const cluster::VrrpSettings& settings) {
  const Time now = Clock::now();
  look_at_network();
  std::vector<std::string> gone;
  for (const auto& [name, instance] : instances_) {
    const auto wanted = std::ranges::find(settings.instances, name, &cluster::VrrpInstance::name);
    if (wanted == settings.instances.end() || !is_same_router(*wanted, instance.settings)) gone.push_back(name);
  }
  for (const auto& name : gone) {
    const bool for_ever = !contains(settings.instances, name, &cluster::VrrpInstance::name);
    remove(name, for_ever ? "it is not configured any more" : "it is configured otherwise", for_ever);
  }
  settings_ = settings;
  apply_fixed(settings.fixed);
  for (const auto& wanted : settings.instances) {
    const auto running = instances_.find(wanted.name);
    if (running == instances_.end()) {
      add(wanted, now);
    } else if (running->second.settings != wanted) {
      change(running->second, wanted);
    }
  }
  routers_.set_groups(settings.groups);
  for (auto& [name, instance] : instances_) attach(instance);
  evaluate();
  Actions actions;
  for (const auto& [name, instance] : instances_) {
    if (!starts_.contains(name)) routers_.start(name, now, actions);
  }
  execute(actions);
}

void Engine::add(const cluster::VrrpInstance& settings, Time now) {
  Instance& instance = instances_[settings.name];
  instance.settings = settings;
  routers_.add(settings, net::Address::any(settings.family));
  if (resigned_.erase(settings.name) > 0) routers_.find(settings.name)->refrain();
  if (settings.start_delay.count() > 0) starts_[settings.name] = now + settings.start_delay;
}

void Engine::remove(const std::string& name, std::string_view why, bool for_ever) {
  Actions actions;
  routers_.stop(name, why, Clock::now(), actions);
  execute(actions);
  Instance& instance = instances_.find(name)->second;
  if (for_ever) notify_({.kind = Event::Kind::deleted, .name = name, .notify = instance.settings.notify});
  remove_device(instance);
  if (routers_.find(name)->resigned() && !for_ever) resigned_.insert(name);
  routers_.remove(name);
  starts_.erase(name);
  instances_.erase(name);
}

void Engine::change(Instance& instance, const cluster::VrrpInstance& settings) {
  Router& router = *routers_.find(settings.name);
  const bool active = router.state() == State::active;
  if (active) {
    const Belongings next =
        belongings_of(settings, instance.device_index, [this](const auto& name) { return index_of(name); });
    Belongings dropped = instance.belongings;
    std::erase_if(dropped.addresses, [&](const net::AddressSettings& address) {
      return contains(next.addresses, address.prefix, &net::AddressSettings::prefix);
    });
    for (const auto& problem : release(socket_, dropped)) log::warning("VRRP instance {}: {}", settings.name, problem);
  }
  router.configure(settings, Clock::now());
  instance.settings = settings;
  if (!active) return;
  take_addresses(instance);
  announce(instance, settings.announce.repeat);
}

void Engine::apply_fixed(const cluster::StaticNetwork& fixed) {
  Belongings next = belongings_of(fixed, [this](const auto& name) { return index_of(name); });
  std::vector<std::string> problems = next.problems;
  Belongings dropped = std::exchange(fixed_, next);
  std::erase_if(dropped.addresses, [&](const auto& address) { return contains(next.addresses, address); });
  std::erase_if(dropped.rules, [&](const auto& rule) { return contains(next.rules, rule); });
  std::erase_if(dropped.routes,
                [&](const auto& route) { return contains(next.routes, route.route, &Belongings::Route::route); });
  std::ranges::move(release(socket_, dropped), std::back_inserter(problems));
  std::ranges::move(take(socket_, fixed_), std::back_inserter(problems));
  for (const auto& problem : problems) log::warning("VRRP, static: {}", problem);
}

void Engine::observe(cluster::Track::Kind kind, const std::string& name, const Observation& observation) {
  if (kind == cluster::Track::Kind::director) director_silent_at_ = Clock::now() + longest_silence_of_director;
  if (observations_.set(kind, name, observation)) evaluate();
}

void Engine::evaluate() {
  Actions actions;
  for (auto& [name, instance] : instances_) evaluate(instance, actions);
  const Time now = Clock::now();
  for (const auto& group : settings_.groups) {
    auto tracked = resolve(group.tracks, settings_, observations_);
    if (!group.track_with_weights) {
      for (Tracked& one : tracked) one.weight = 0;
    }
    routers_.set_group_fault(group.name, standing(1, tracked).fault, now, actions);
  }
  execute(actions);
}

void Engine::evaluate(Instance& instance, Actions& actions) {
  const auto& settings = instance.settings;
  instance.tracked = tracked_by(settings, group_with(settings_, settings.name), settings_, observations_);
  instance.standing = standing(settings.priority, instance.tracked);
  const std::string network = network_fault(instance);
  routers_.set_priority(settings.name, instance.standing.priority, actions);
  routers_.set_fault(settings.name, network.empty() ? instance.standing.fault : network, Clock::now(), actions);
}

Result<void> Engine::resign(std::string_view name) {
  if (routers_.find(name) == nullptr) return fail(fmt::format("no VRRP instance {}", name), ENOENT);
  Actions actions;
  routers_.resign(name, "a command asked for it", Clock::now(), actions);
  execute(actions);
  return {};
}

Result<void> Engine::reclaim(std::string_view name) {
  if (routers_.find(name) == nullptr) return fail(fmt::format("no VRRP instance {}", name), ENOENT);
  routers_.reclaim(name);
  return {};
}

void Engine::leave(std::string_view why, std::function<void()> left) {
  left_ = std::move(left);
  starts_.clear();
  Actions actions;
  for (const auto& [name, instance] : instances_) routers_.leave(name, why, Clock::now(), actions);
  execute(actions);
}

void Engine::finish_leaving() {
  const auto holds = [this](const auto& entry) { return routers_.find(entry.first)->state() == State::active; };
  if (std::ranges::any_of(instances_, holds)) return;
  for (const auto& [name, instance] : instances_) remove_device(instance);
  for (const auto& problem : release(socket_, fixed_)) log::debug("VRRP, static: {}", problem);
  timer_.cancel();
  std::exchange(left_, nullptr)();
}

void Engine::received(std::uint32_t interface_index, const Received& packet) {
  const auto decoded = decode(packet.payload, packet.arrival.path);
  // Only a whole message tells for sure which instance it is for; its third byte is as good as it gets otherwise.
  const auto router_id = packet.payload.size() > 1 ? std::to_integer<std::uint8_t>(packet.payload[1]) : 0;
  const net::Address& from = packet.arrival.path.source;
  const auto wanted = std::ranges::find_if(instances_, [&](const auto& entry) {
    const Instance& instance = entry.second;
    return instance.interface_index == interface_index && instance.settings.family == from.family() &&
           instance.settings.router_id == router_id;
  });
  if (wanted == instances_.end()) {
    ++refused_[static_cast<std::size_t>(decoded ? Refusal::unknown_router : decoded.error())];
    return;
  }
  Instance& instance = wanted->second;
  if (!decoded) return refuse(instance, decoded.error(), from);
  const auto admitted = admit(instance.settings, routers_.find(wanted->first)->address(), *decoded, packet.arrival,
                              instance.verifier, WallClock::now());
  if (!admitted) return refuse(instance, admitted.error(), from);
  ++instance.counters.received;
  if (admitted->heard.priority == 0) ++instance.counters.leaving_heard;
  if (admitted->other_addresses && !std::exchange(instance.complained_of_addresses, true)) {
    log::warning("VRRP instance {}: {} advertises other virtual addresses than are configured here", wanted->first,
                 from.to_string());
  }
  Actions actions;
  routers_.hear(wanted->first, admitted->heard, Clock::now(), actions);
  execute(actions);
}

void Engine::refuse(Instance& instance, Refusal refusal, const net::Address& from) {
  constexpr std::size_t most_complaints = 256;
  ++instance.counters.refused[static_cast<std::size_t>(refusal)];
  if (instance.complaints.size() >= most_complaints || !instance.complaints.emplace(from, refusal).second) return;
  log::warning("VRRP instance {}: advertisements from {} are refused: {} (said once)", instance.settings.name,
               from.to_string(), describe(refusal));
}

void Engine::wait_for_next() {
  Time next = std::min(routers_.next(), director_silent_at_);
  for (const auto& [name, at] : starts_) next = std::min(next, at);
  if (next == Time::max()) return static_cast<void>(timer_.cancel());
  timer_.expires_at(next);
  timer_.async_wait([this](const boost::system::error_code& wrong) {
    if (!wrong) run();
  });
}

void Engine::run() {
  const Time now = Clock::now();
  const auto late = std::chrono::duration_cast<std::chrono::microseconds>(now - timer_.expiry());
  greatest_lateness_ = std::max(greatest_lateness_, late);
  Actions actions;
  std::erase_if(starts_, [&](const auto& start) {
    if (start.second > now) return false;
    routers_.start(start.first, now, actions);
    return true;
  });
  routers_.run(now, actions);
  execute(actions);
  if (now < director_silent_at_) return;
  director_silent_at_ = Time::max();
  log::error("VRRP: the daemon's main thread has not been heard for {} s", longest_silence_of_director.count());
  if (observations_.set(cluster::Track::Kind::director, "", {.good = false})) evaluate();
}

InstanceView Engine::view_of(const Instance& instance, Time now) const {
  const auto& settings = instance.settings;
  const Router& router = *routers_.find(settings.name);
  InstanceView view{.name = settings.name,
                    .group = std::string(routers_.group_of(settings.name)),
                    .interface = settings.interface,
                    .family = settings.family,
                    .version = settings.version,
                    .router_id = settings.router_id,
                    .state = router.state(),
                    .in_state = std::chrono::duration_cast<std::chrono::milliseconds>(now - router.since()),
                    .why = router.why(),
                    .resigned = router.resigned(),
                    .configured_priority = settings.priority,
                    .priority = router.priority(),
                    .because = instance.standing.because,
                    .address = router.address(),
                    .active_router = router.active_router(),
                    .interval = settings.interval,
                    .addresses = {},
                    .tracked = instance.tracked,
                    .counters = instance.counters};
  if (starts_.contains(settings.name)) view.why = "its start is delayed";
  for (const auto& address : settings.addresses) view.addresses.push_back({address.address, address.prefix_length});
  for (const auto& address : settings.excluded_addresses) {
    view.addresses.push_back({address.address, address.prefix_length});
  }
  return view;
}

EngineView Engine::view() const {
  EngineView view{.instances = {}, .refused = refused_, .greatest_lateness = greatest_lateness_};
  const Time now = Clock::now();
  for (const auto& [name, instance] : instances_) view.instances.push_back(view_of(instance, now));
  return view;
}

}  // namespace ballast::vrrp
