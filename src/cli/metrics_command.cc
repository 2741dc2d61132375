#include "cli/command.h"
#include "cli/commands.h"
#include "cli/metrics_text.h"
#include "control/json.h"

namespace ballast::cli {
namespace {

template <typename T>
Result<void> take(control::Client& client, std::string_view operation, T& value) {
  const auto answer = client.call(operation);
  if (!answer) return std::unexpected(answer.error());
  auto read = control::from_json<T>(*answer);
  if (!read) return std::unexpected(read.error());
  value = std::move(*read);
  return {};
}

Result<void> show() {
  auto client = connect_to_daemon();
  if (!client) return std::unexpected(client.error());
  Observed observed;
  if (auto taken = take(*client, "status", observed.status); !taken) return taken;
  if (auto taken = take(*client, "services", observed.services); !taken) return taken;
  if (auto taken = take(*client, "counters", observed.counters); !taken) return taken;
  const auto vrrp = client->call("vrrp");
  if (!vrrp) return std::unexpected(vrrp.error());
  auto routers = control::vrrp_from_json(*vrrp);
  if (!routers) return std::unexpected(routers.error());
  observed.vrrp = std::move(*routers);
  if (auto taken = take(*client, "health", observed.health); !taken) return taken;
  fmt::print("{}", metrics_text(observed));
  return {};
}

}  // namespace

void add_metrics_command(CLI::App& app, int& exit_status) {
  run_on(app.add_subcommand("metrics", "Print everything that is counted, as Prometheus reads it"), exit_status, show);
}

}  // namespace ballast::cli
