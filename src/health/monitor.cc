#include "health/monitor.h"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::health {
namespace {

using cluster::CheckType;
using cluster::HealthCheck;
using cluster::RealServer;
using cluster::ServerVerdict;
using cluster::ServiceKey;
using cluster::VirtualService;

bool has_a_say(const VirtualService& service) {
  return service.fallback || !service.maintenance_directory.empty() || service.quorum != cluster::Quorum{} ||
         std::ranges::any_of(service.servers, [](const RealServer& server) {
           return server.health.disabled || !server.health.checks.empty();
         });
}

std::uint16_t port_of(const VirtualService& service, const RealServer& server, const HealthCheck& check) {
  if (check.port != 0) return check.port;
  if (server.endpoint.port != 0) return server.endpoint.port;
  const auto* address = std::get_if<cluster::AddressKey>(&service.key);
  return address == nullptr ? 0 : address->endpoint.port;
}

/// Whether the service is part of what the check does.
bool knows_service(const HealthCheck& check) {
  return check.through_service ||
         (check.type == CheckType::command && check.arguments == cluster::CommandArguments::addresses);
}

/// What a server said, as part of a line and of JSON.
std::string printable(std::string_view said) {
  constexpr std::size_t longest = 200;
  std::string text(said.substr(0, longest));
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::optional<std::string> remark(const CheckTarget& target, Standing before, const CheckState& state) {
  const CheckResult& result = state.last()->result;
  const std::string said = fmt::format("{}: {}", describe(target), result.reason);
  if (state.standing() != before) {
    return fmt::format("Check {}: {}", state.standing() == Standing::up ? "succeeds" : "failed", said);
  }
  if (!result.up && state.standing() != Standing::down) {
    return fmt::format("Soft failure real server: {} failure {}/{}: {}", target.server.to_string(), state.in_a_row(),
                       target.check.fall, said);
  }
  if (result.up && state.standing() == Standing::up && state.recovered()) {
    return fmt::format("Resetting soft failure count: {}: {}", target.server.to_string(), said);
  }
  if (!result.up && target.check.log_all_failures) return fmt::format("Check failed again: {}", said);
  return {};
}

/// Of a check that goes through the service.
std::string virtual_address_of(const CheckTarget& target) {
  return std::get<cluster::AddressKey>(target.service).endpoint.address.to_string();
}

}  // namespace

CheckTarget target_of(const VirtualService& service, const RealServer& server, const HealthCheck& check) {
  CheckTarget target{.server = server.endpoint, .service = {}, .forward = {}, .tunnel = {}, .check = check};
  target.check.port = port_of(service, server, check);
  target.check.through_service = check.through_service && cluster::has_own_way(service, server);
  if (knows_service(target.check)) {
    target.service = service.key;
    target.forward = server.forward;
  }
  if (target.check.through_service) target.tunnel = server.tunnel;
  return target;
}

std::string describe(const CheckTarget& target) {
  const HealthCheck& check = target.check;
  const auto word = to_string(check.type);
  if (check.type == CheckType::command || check.type == CheckType::file) {
    return fmt::format("{} {}", word, check.command);
  }
  const net::Address address = check.address.value_or(target.server.address);
  if (check.type == CheckType::icmp) return fmt::format("{} {}", word, address.to_string());
  const std::string path = check.requests.empty() ? "" : check.requests.front().path;
  return fmt::format("{}{} {}{}{}", word, check.tls ? "+tls" : "", net::Endpoint{address, check.port}.to_string(), path,
                     check.through_service ? " by " + virtual_address_of(target) : "");
}

bool Monitor::gets_traffic(const ServerPlace& place) {
  const auto& [key, endpoint] = place;
  if (const auto plain = plain_.find(key); plain != plain_.end()) {
    return std::ranges::binary_search(plain->second, endpoint);
  }
  const auto service = health().find(key);
  if (service == health_.end()) return false;
  const auto verdict = service->second.servers.find(endpoint);
  return verdict != service->second.servers.end() && verdict->second.up;
}

void Monitor::apply(const cluster::Cluster& cluster, const std::set<ServerPlace>& running, const Now& now) {
  std::set<ServerPlace> up = running;
  for (const auto& service : cluster.services) {
    if (!has_a_say(service)) continue;
    for (const auto& server : service.servers) {
      if (gets_traffic({service.key, server.endpoint})) up.emplace(service.key, server.endpoint);
    }
  }
  for (auto& [id, check] : checks_) check.servers.clear();
  services_.clear();
  plain_.clear();
  checks_of_.clear();
  std::vector<CheckId> added;
  for (const auto& service : cluster.services) {
    if (has_a_say(service)) {
      watch(service, up, now, added);
    } else {
      leave_alone(service);
    }
  }
  drop_unused();
  for (const CheckId id : added) {
    schedule_.set(id, now.steady + first_wait(checks_.at(id).target.check, added.size(), chance()));
  }
  std::erase_if(health_, [&](const auto& known) { return !services_.contains(known.first); });
  unjudged_.clear();
  for (const auto& [key, service] : services_) unjudged_.insert(key);
}

void Monitor::leave_alone(const VirtualService& service) {
  auto& servers = plain_[service.key];
  for (const auto& server : service.servers) servers.push_back(server.endpoint);
  std::ranges::sort(servers);
}

void Monitor::watch(const VirtualService& service, const std::set<ServerPlace>& up, const Now& now,
                    std::vector<CheckId>& added) {
  services_.emplace(service.key, service);
  for (const auto& server : service.servers) {
    const ServerPlace place{service.key, server.endpoint};
    for (const auto& check : server.health.checks) {
      const CheckTarget target = target_of(service, server, check);
      auto id = find(target);
      if (!id) {
        id = add(target, check.initially_up || up.contains(place), now);
        added.push_back(*id);
      }
      checks_.at(*id).servers.insert(place);
      checks_of_[place].push_back(*id);
    }
  }
}

std::optional<CheckId> Monitor::find(const CheckTarget& target) const {
  const auto [first, last] = index_.equal_range(target.server);
  const auto found =
      std::find_if(first, last, [&](const auto& entry) { return checks_.at(entry.second).target == target; });
  if (found == last) return {};
  return found->second;
}

CheckId Monitor::add(const CheckTarget& target, bool assumed_up, const Now& now) {
  const CheckId id = ++last_id_;
  checks_.emplace(id, Check{target, CheckState(target.check, assumed_up, now.wall), now.steady, {}});
  index_.emplace(target.server, id);
  return id;
}

void Monitor::drop_unused() {
  std::erase_if(index_, [&](const auto& entry) { return checks_.at(entry.second).servers.empty(); });
  std::erase_if(checks_, [&](const auto& entry) {
    if (entry.second.servers.empty()) schedule_.remove(entry.first);
    return entry.second.servers.empty();
  });
}

std::optional<DueCheck> Monitor::take_due(const Now& now) {
  const auto id = schedule_.take(now.steady);
  if (!id) return {};
  Check& check = checks_.at(*id);
  check.begun = now.steady;
  DueCheck due{*id, check.target};
  auto& requests = due.target.check.requests;
  if (due.target.check.fast_recovery && check.state.standing() == Standing::down && requests.size() > 1) {
    requests.resize(1);
  }
  return due;
}

std::optional<std::string> Monitor::observe(CheckId id, CheckResult result, const Now& now) {
  const auto found = checks_.find(id);
  if (found == checks_.end()) return {};  // a reload took it away while it was under way
  result.reason = printable(result.reason);
  Check& check = found->second;
  const Standing before = check.state.standing();
  const bool news = check.state.observe(check.target.check, result, now.wall);
  const auto wait = next_wait(check.target.check, check.state.changing(), chance());
  schedule_.set(id, std::max(check.begun + wait, now.steady));
  if (news || check.state.standing() != before) {
    for (const auto& [key, endpoint] : check.servers) unjudged_.insert(key);
  }
  return remark(check.target, before, check.state);
}

bool Monitor::set_maintenance(const std::string& directory, std::vector<MaintenanceEntry> entries) {
  std::ranges::sort(entries);
  if (maintenance_[directory] == entries) return false;
  maintenance_[directory] = std::move(entries);
  for (const auto& [key, service] : services_) {
    if (service.maintenance_directory == directory) unjudged_.insert(key);
  }
  return true;
}

std::set<std::string> Monitor::maintenance_directories() const {
  std::set<std::string> directories;
  for (const auto& [key, service] : services_) {
    if (!service.maintenance_directory.empty()) directories.insert(service.maintenance_directory);
  }
  return directories;
}

const cluster::Health& Monitor::health() {
  for (const auto& key : std::exchange(unjudged_, {})) judge(services_.at(key));
  return health_;
}

void Monitor::judge(const VirtualService& service) {
  const bool is_new = !health_.contains(service.key);
  cluster::ServiceVerdict& known = health_[service.key];
  cluster::ServiceVerdict verdict;
  for (const auto& server : service.servers) {
    const auto before = known.servers.find(server.endpoint);
    verdict.servers[server.endpoint] =
        judge(service, server, before == known.servers.end() ? nullptr : &before->second);
  }
  verdict.up = quorum_met(service, verdict, is_new ? std::nullopt : std::optional(known.up));
  known = std::move(verdict);
}

ServerVerdict Monitor::judge(const VirtualService& service, const RealServer& server,
                             const ServerVerdict* before) const {
  ServerVerdict verdict;
  const auto refuse = [&verdict](std::string reason) {
    if (verdict.up) verdict.reason = std::move(reason);
    verdict.up = false;
  };
  if (server.health.disabled) refuse("disabled");
  const auto maintenance = maintenance_.find(service.maintenance_directory);
  if (maintenance != maintenance_.end() && is_in_maintenance(maintenance->second, server.endpoint)) {
    refuse(fmt::format("in maintenance: a file in {}", service.maintenance_directory));
  }
  const auto checks = checks_of_.find({service.key, server.endpoint});
  if (checks == checks_of_.end()) return verdict;
  const auto said = [](const Check& check) {
    const auto& last = check.state.last();
    return fmt::format("{}: {}", describe(check.target), last ? last->result.reason : "not checked yet");
  };
  for (const CheckId id : checks->second) {
    const Check& check = checks_.at(id);
    if (!check.state.up()) refuse(said(check));
    if (check.state.weight()) verdict.weight = check.state.weight();
    verdict.weight_difference += check.state.weight_difference();
  }
  if (verdict.up)
    verdict.reason = before != nullptr && before->up ? before->reason : said(checks_.at(checks->second.back()));
  return verdict;
}

std::vector<CheckReport> Monitor::reports() const {
  std::vector<CheckReport> reports;
  for (const auto& [id, check] : checks_) {
    reports.push_back({id, &check.target, &check.state, {check.servers.begin(), check.servers.end()}});
  }
  return reports;
}

}  // namespace ballast::health
