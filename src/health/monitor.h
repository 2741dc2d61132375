// Which checks there are, what they came to, and what that means for the servers. Pure: time and chance are parameters;
// health/engine.h runs what is due.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/health.h"
#include "cluster/model.h"
#include "health/check_once.h"
#include "health/check_state.h"
#include "health/maintenance.h"
#include "health/schedule.h"

namespace ballast::health {

/// A real server in a service.
using ServerPlace = std::pair<cluster::ServiceKey, net::Endpoint>;

/// The clocks: one that never jumps for what is due, one for people.
struct Now {
  SteadyTime steady;
  WallTime wall;
};

/// A check that is to be run.
struct DueCheck {
  CheckId id = 0;
  CheckTarget target;
};

/// A check, what it came to, and the servers that it speaks for.
struct CheckReport {
  CheckId id = 0;
  const CheckTarget* target = nullptr;
  const CheckState* state = nullptr;
  std::vector<ServerPlace> servers;
};

class Monitor {
 public:
  explicit Monitor(std::uint64_t seed) : chance_(seed) {}

  /// Watches what `cluster` asks for. Checks that it asked for before keep what they know. A new check of a server that
  /// gets traffic now, or that is in `running`, counts as up until it says otherwise; of any other server it has to
  /// succeed first.
  void apply(const cluster::Cluster& cluster, const std::set<ServerPlace>& running, const Now& now);

  /// The next check that is due and not under way.
  std::optional<DueCheck> take_due(const Now& now);
  /// When the next one is due.
  [[nodiscard]] std::optional<SteadyTime> next_due() const { return schedule_.next(); }
  /// Takes in what a check that take_due() gave came to. It is due again after its interval. Gives a line for the log
  /// where there is something to tell.
  std::optional<std::string> observe(CheckId id, CheckResult result, const Now& now);

  /// Servers that are out of traffic because of a file in a maintenance directory. True where that is news.
  bool set_maintenance(const std::string& directory, std::vector<MaintenanceEntry> entries);
  /// The maintenance directories of all services.
  [[nodiscard]] std::set<std::string> maintenance_directories() const;

  /// What the results come to. Only services that health has a say in are in it.
  const cluster::Health& health();
  /// Whether health() will be another one than at its last call.
  [[nodiscard]] bool has_news() const { return !unjudged_.empty(); }

  [[nodiscard]] std::vector<CheckReport> reports() const;
  [[nodiscard]] std::size_t size() const { return checks_.size(); }

 private:
  struct Check {
    CheckTarget target;
    CheckState state;
    SteadyTime begun{};
    std::set<ServerPlace> servers;
  };
  using Checks = std::map<CheckId, Check>;
  using Index = std::multimap<net::Endpoint, CheckId>;  ///< by the server's endpoint

  bool gets_traffic(const ServerPlace& place);
  void watch(const cluster::VirtualService& service, const std::set<ServerPlace>& up, const Now& now,
             std::vector<CheckId>& added);
  void leave_alone(const cluster::VirtualService& service);
  [[nodiscard]] std::optional<CheckId> find(const CheckTarget& target) const;
  CheckId add(const CheckTarget& target, bool assumed_up, const Now& now);
  void drop_unused();
  void judge(const cluster::VirtualService& service);
  [[nodiscard]] cluster::ServerVerdict judge(const cluster::VirtualService& service, const cluster::RealServer& server,
                                             const cluster::ServerVerdict* before) const;
  double chance() { return std::uniform_real_distribution<double>(0, 1)(chance_); }

  std::map<cluster::ServiceKey, cluster::VirtualService> services_;  ///< that health has a say in
  std::map<cluster::ServiceKey, std::vector<net::Endpoint>> plain_;  ///< the servers of others, in order
  Checks checks_;
  Index index_;
  std::map<ServerPlace, std::vector<CheckId>> checks_of_;
  Schedule schedule_;
  std::map<std::string, std::vector<MaintenanceEntry>> maintenance_;
  cluster::Health health_;
  std::set<cluster::ServiceKey> unjudged_;  ///< services of which something is known that is not in health_ yet
  CheckId last_id_ = 0;
  std::mt19937_64 chance_;
};

/// What a check of a server in a service is about. Services that have no part in how it is done are left out, so that
/// the same check for several of them is one.
CheckTarget target_of(const cluster::VirtualService& service, const cluster::RealServer& server,
                      const cluster::HealthCheck& check);

/// "http 10.0.1.1:80/index.html", "command /usr/lib/check -a": for messages.
std::string describe(const CheckTarget& target);

}  // namespace ballast::health
