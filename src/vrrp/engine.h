// VRRP at work: joins the pure routers with the clock, the network and the kernel, in one thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cluster/vrrp.h"
#include "vrrp/announcer.h"
#include "vrrp/belongings.h"
#include "vrrp/notifier.h"
#include "vrrp/port.h"
#include "vrrp/routers.h"
#include "vrrp/tracking.h"
#include "vrrp/view.h"
#include "vrrp/watch.h"

namespace ballast::vrrp {

class Engine {
 public:
  using Notify = std::function<void(const Event&)>;

  /// `notify` is called for every change and must not block.
  static Result<std::unique_ptr<Engine>> open(boost::asio::io_context& context, Notify notify);

  /// Brings everything to `settings`: what is not changed goes on undisturbed. What cannot be done for now (an
  /// interface that is not there) is a fault of its instance, not an error.
  void apply(const cluster::VrrpSettings& settings);

  /// What is known of something tracked. Who tells of the director goes on doing so: after 10 s of silence it counts as
  /// bad.
  void observe(cluster::Track::Kind kind, const std::string& name, const Observation& observation);
  /// ENOENT: no such instance.
  Result<void> resign(std::string_view name);
  Result<void> reclaim(std::string_view name);
  [[nodiscard]] EngineView view() const;

  /// Hands over what this machine holds, and calls `left` when nothing is held any more: at once, or when other routers
  /// took over or did not in time (Router::leave).
  void leave(std::string_view why, std::function<void()> left);

 private:
  struct Instance {
    cluster::VrrpInstance settings;
    std::uint32_t interface_index = 0;  ///< 0: there is none
    std::uint32_t device_index = 0;     ///< the interface with the virtual MAC address, or the same
    std::optional<Outlet> outlet;
    std::string port_problem;
    Verifier verifier;
    Belongings belongings;  ///< that it holds, or held last
    std::vector<Tracked> tracked;
    Standing standing;
    Counters counters;
    std::set<std::pair<net::Address, Refusal>> complaints;
    bool complained_of_addresses = false;
    bool send_failed = false;
    std::vector<std::string> problems;  ///< of the last renewal
  };

  Engine(boost::asio::io_context& context, Notify notify, net::NetlinkSocket socket, net::PacketSocket frames);

  void add(const cluster::VrrpInstance& settings, Time now);
  void remove(const std::string& name, std::string_view why, bool for_ever);
  void change(Instance& instance, const cluster::VrrpInstance& settings);
  void apply_fixed(const cluster::StaticNetwork& fixed);

  void look_at_network();
  void network_changed(const NetworkChange& change);
  void mend(const net::InterfaceAddress& removed);
  void attach(Instance& instance);
  Result<void> open_port(Instance& instance);
  static void remove_device(const Instance& instance);
  [[nodiscard]] std::optional<net::Address> source_of(const cluster::VrrpInstance& settings,
                                                      std::uint32_t interface_index) const;
  [[nodiscard]] std::string network_fault(const Instance& instance) const;
  [[nodiscard]] bool is_virtual(const net::Address& address) const;

  void evaluate();
  void evaluate(Instance& instance, Actions& actions);

  void received(std::uint32_t interface_index, const Received& packet);
  void refuse(Instance& instance, Refusal refusal, const net::Address& from);

  void execute(const Actions& actions);
  void execute(Instance& instance, const Step& step);
  void advertise(Instance& instance, std::uint8_t priority);
  void take_addresses(Instance& instance);
  void renew_belongings(Instance& instance);
  void announce(const Instance& instance, std::uint32_t count);
  void tell_change(Instance& instance, const Step& step);
  void tell_group_change(const Action& action);
  void hear_lower(const Instance& instance, const Step& step);
  void finish_leaving();
  void wait_for_next();
  void run();

  [[nodiscard]] std::uint32_t index_of(const std::string& interface) const;
  [[nodiscard]] InstanceView view_of(const Instance& instance, Time now) const;

  boost::asio::io_context& context_;
  Notify notify_;
  net::NetlinkSocket socket_;
  Announcer announcer_;
  Receivers receivers_;
  std::unique_ptr<Watch> watch_;
  boost::asio::steady_timer timer_;
  cluster::VrrpSettings settings_;
  Belongings fixed_;
  Observations observations_;
  Routers routers_;
  std::map<std::string, Instance, std::less<>> instances_;
  Time director_silent_at_ = Time::max();  ///< when it will not have been heard of for too long
  std::map<std::string, Time> starts_;     ///< instances whose start is delayed
  std::set<std::string> resigned_;         ///< instances that are about to be started anew, and had resigned
  std::vector<net::Link> links_;
  std::vector<net::InterfaceAddress> addresses_;
  std::function<void()> left_;  ///< it is leaving, and calls this in the end
  RefusalCounts refused_{};
  std::chrono::microseconds greatest_lateness_{0};
};

}  // namespace ballast::vrrp
