// The VRRP plane: an engine in a thread of its own, so that nothing that the daemon does makes an advertisement late,
// and another thread for what may take long: scripts, notifications, /proc.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "cluster/vrrp.h"
#include "vrrp/notifier.h"
#include "vrrp/priority.h"
#include "vrrp/view.h"

namespace ballast::vrrp {

/// All calls come from one thread; they wait for the answer of the plane's.
class Plane {
 public:
  /// Is told of every event, in a thread of the plane's.
  using Tell = std::function<void(const Event&)>;

  /// Works in the network namespace of the caller.
  static Result<std::unique_ptr<Plane>> start(Tell tell);
  /// Hands over what this machine holds, which may take up to 2 s (Router::leave), and has the last commands run.
  ~Plane();
  Plane(const Plane&) = delete;
  Plane& operator=(const Plane&) = delete;

  /// Brings the plane to `settings`.
  void apply(const cluster::VrrpSettings& settings);
  /// Tells the state of what the plane does not look at itself: checks, by name, and the director (Engine::observe).
  void observe(cluster::Track::Kind kind, const std::string& name, const Observation& observation);
  /// Hands an instance over, with its group, and does not preempt until reclaim(). ENOENT: no such instance.
  Result<void> resign(const std::string& name);
  Result<void> reclaim(const std::string& name);
  [[nodiscard]] EngineView view() const;

 private:
  struct Threads;
  explicit Plane(std::unique_ptr<Threads> threads);
  std::unique_ptr<Threads> threads_;
};

}  // namespace ballast::vrrp
