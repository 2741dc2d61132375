// The VRRP plane as the control plane has it: started when there is something for it, told what it cannot see itself.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "cluster/health.h"
#include "cluster/model.h"
#include "control/vrrp_views.h"
#include "vrrp/plane.h"

namespace ballast::control {

class VirtualRouters {
 public:
  using Open = std::function<Result<std::unique_ptr<vrrp::Plane>>(vrrp::Plane::Tell)>;

  explicit VirtualRouters(Open open) : open_(std::move(open)) {}

  /// Brings the plane to `settings`. An Error leaves it as it was. ENODEV: while it runs, an instance is moved to an
  /// interface that is not there.
  Result<void> apply(const cluster::VrrpSettings& settings);

  /// Tells instances that track it whether packets are forwarded. To be called every second, since silence is a
  /// failure.
  void tell_director(bool alive);
  /// Tells instances that track them which services are up.
  void tell_services(const cluster::Cluster& desired, const cluster::Health& health);

  /// Hands an instance over, or lets it take part again. ENOENT: there is no such instance.
  Result<void> resign(const std::string& name);
  Result<void> reclaim(const std::string& name);
  [[nodiscard]] VrrpStatus status() const;

  /// What happened since the last call.
  std::vector<vrrp::Event> take_events();

  /// Hands over everything that this machine holds.
  void leave();

 private:
  /// Where the plane's thread leaves what happened.
  struct Happened {
    std::mutex mutex;
    std::vector<vrrp::Event> events;
  };

  Open open_;
  std::shared_ptr<Happened> happened_ = std::make_shared<Happened>();
  std::unique_ptr<vrrp::Plane> plane_;
  cluster::VrrpSettings settings_;
  bool director_alive_ = true;
  std::map<std::string, bool> services_;  ///< whether they are up, by name
};

}  // namespace ballast::control
