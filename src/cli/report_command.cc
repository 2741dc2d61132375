#include <limits>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/commands.h"
#include "config/scalars.h"

namespace ballast::cli {
namespace {

struct Options {
  std::string server;
  std::optional<std::uint32_t> load;
  std::optional<std::uint32_t> response_microseconds;
};

Result<void> report(const Options& options) {
  const auto server = config::parse_server_address(options.server);
  if (!server) return std::unexpected(server.error());
  if (!options.load && !options.response_microseconds) return fail("nothing to report: give --load or --response");
  boost::json::object arguments{{"address", server->address.to_string()}};
  if (server->port) arguments["port"] = *server->port;
  if (options.load) arguments["load"] = *options.load;
  if (options.response_microseconds) arguments["response_microseconds"] = *options.response_microseconds;
  const auto told = ask("report", std::move(arguments));
  if (!told) return std::unexpected(told.error());
  return {};
}

}  // namespace

void add_report_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("report", "Tell the schedulers capacity and response-time of a real server");
  command->add_option("server", options->server, "The real server, in all services that have it")
      ->type_name("IP[:PORT]")
      ->required();
  command->add_option("--load", options->load, "How busy it is, in percent; for scheduler capacity")
      ->check(CLI::Range(0, 100).description(""))
      ->type_name("PERCENT");
  command
      ->add_option("--response", options->response_microseconds,
                   "How long it takes to answer, in microseconds; for scheduler response-time")
      ->check(CLI::Range(0, std::numeric_limits<std::int32_t>::max()).description(""))
      ->type_name("US");
  run_on(command, exit_status, [options] { return report(*options); });
}

}  // namespace ballast::cli
