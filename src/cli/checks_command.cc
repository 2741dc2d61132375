#include "cli/checks_command.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/words.h"
#include "control/json.h"
#include "control/json_text.h"

namespace ballast::cli {
namespace {

using control::CheckView;
using control::HealthView;
using control::ServiceHealthView;
using control::UnixSeconds;
using Place = std::pair<cluster::ServiceKey, net::Endpoint>;
using ChecksOf = std::multimap<Place, const CheckView*>;

std::string ago(UnixSeconds then, UnixSeconds now) {
  return duration_words(std::chrono::seconds(std::max<UnixSeconds>(now - then, 0)));
}

std::string state_words(const CheckView& check) { return check.assumed_up ? "untested, taken for up" : check.state; }

std::string latency_words(std::uint32_t microseconds) {
  return microseconds < 1000 ? fmt::format("{} us", microseconds) : fmt::format("{:.1f} ms", microseconds / 1000.0);
}

std::string service_state(const ServiceHealthView& service) {
  if (service.up) return "up";
  return service.fallback ? "down, the fallback has the traffic" : "down";
}

void add_check(Table& table, const CheckView& check, bool history, UnixSeconds now) {
  const bool tested = check.last_at.has_value();
  table.add({"       " + check.check, state_words(check), ago(check.since, now),
             tested ? latency_words(check.last_latency_microseconds) : "-", tested ? check.last_reason : "-"});
  if (!history) return;
  for (auto change = check.history.rbegin(); change != check.history.rend(); ++change) {
    table.add({"         before", change->state, ago(change->at, now), "", change->reason});
  }
}

Result<void> show(bool as_json, bool history) {
  const auto answer = ask("health");
  if (!answer) return std::unexpected(answer.error());
  if (as_json) {
    fmt::print("{}\n", control::json_text(*answer));
    return {};
  }
  const auto view = control::from_json<HealthView>(*answer);
  if (!view) return std::unexpected(view.error());
  fmt::print("{}", checks_text(*view, history, std::time(nullptr)));
  return {};
}

}  // namespace

std::string checks_text(const HealthView& view, bool history, UnixSeconds now) {
  if (view.services.empty()) return "no service has health checks or a fallback\n";
  ChecksOf checks;
  for (const auto& check : view.checks) {
    for (const auto& place : check.servers) checks.emplace(Place{place.key, place.server}, &check);
  }
  Table table({{.title = "  -> RemoteAddress:Port"},
               {.title = "State"},
               {.title = "Since", .align = Align::right},
               {.title = "Took", .align = Align::right},
               {.title = "Last result"}});
  for (const auto& service : view.services) {
    table.add_heading(service_words(service.key), service_state(service));
    for (const auto& server : service.servers) {
      const auto [first, last] = checks.equal_range({service.key, server.endpoint});
      table.add({"  -> " + server.endpoint.to_string(), server.up ? "up" : "down", "", "",
                 first == last ? server.reason : ""});
      for (auto check = first; check != last; ++check) add_check(table, *check->second, history, now);
    }
  }
  return "Prot LocalAddress:Port, State\n" + table.text();
}

void add_checks_command(CLI::App& app, int& exit_status) {
  const auto as_json = std::make_shared<bool>(false);
  const auto history = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("checks", "List health checks: state, last result, how long it took");
  command->add_flag("--json", *as_json, "Print JSON, history included");
  command->add_flag("--history", *history, "Print how states changed before");
  run_on(command, exit_status, [as_json, history] { return show(*as_json, *history); });
}

}  // namespace ballast::cli
