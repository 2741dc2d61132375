#include "cli/sync_command.h"

#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/words.h"
#include "control/json.h"
#include "control/json_text.h"

namespace ballast::cli {
namespace {

Result<void> show(bool as_json) {
  const auto answer = ask("sync");
  if (!answer) return std::unexpected(answer.error());
  if (as_json) {
    fmt::print("{}\n", control::json_text(*answer));
    return {};
  }
  const auto view = control::from_json<control::SyncView>(*answer);
  if (!view) return std::unexpected(view.error());
  fmt::print("{}", sync_text(*view));
  return {};
}

std::string number(std::uint64_t value) { return fmt::format("{}", value); }

std::string with_mistakes(std::string_view state, std::string_view what, std::uint64_t malformed) {
  return malformed == 0 ? std::string(state) : fmt::format("{}, {} {} ignored", state, malformed, what);
}

}  // namespace

std::string sync_text(const control::SyncView& view) {
  if (view.peers.empty() && !view.listen && view.kernel.empty()) {
    return "connections are not synchronized: see sync: in the configuration, or ipvsadm --start-daemon\n";
  }
  Table table({{.title = "Direction"},
               {.title = "Director"},
               {.title = "Connections", .align = Align::right},
               {.title = "Refused", .align = Align::right},
               {.title = "State"}});
  for (const auto& peer : view.peers) {
    table.add({"to", peer.peer.to_string(), number(peer.told), number(peer.told - std::min(peer.told, peer.taken)),
               peer.state});
  }
  for (const auto& caller : view.callers) {
    table.add({"from", caller.address, number(caller.taken), number(caller.refused),
               with_mistakes(caller.state, "conversations", caller.malformed)});
  }
  for (const auto& kernel : view.kernel) {
    const std::string group = fmt::format("{} port {} on {}, syncid {}",
                                          kernel.daemon.group ? kernel.daemon.group->to_string() : "224.0.0.81",
                                          kernel.daemon.port, kernel.daemon.interface, kernel.daemon.id);
    if (kernel.daemon.master) table.add({"to ip_vs", group, number(kernel.told), "-", "master"});
    if (kernel.daemon.backup) {
      table.add({"from ip_vs", group, number(kernel.taken), number(kernel.refused),
                 with_mistakes("backup", "messages", kernel.malformed)});
    }
  }
  std::string text = table.text();
  if (view.listen && view.callers.empty()) {
    text += fmt::format("listening on {}, no director has called yet\n", view.listen->to_string());
  }
  if (view.prompted != 0)
    text +=
        fmt::format("{} taken over: their ends were asked where they stand\n", counted(view.prompted, "connection"));
  if (view.lost != 0) text += fmt::format("{} changes came too fast and were told later, with everything\n", view.lost);
  return text;
}

void add_sync_command(CLI::App& app, int& exit_status) {
  const auto as_json = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("sync", "Show who is told of connections here, and who tells of his");
  command->add_flag("--json", *as_json, "Print JSON");
  run_on(command, exit_status, [as_json] { return show(*as_json); });
}

}  // namespace ballast::cli
