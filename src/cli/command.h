// What the commands of `ballast` share: how they are hung into the command line, ask the daemon, and end.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/instance.h"
#include "control/client.h"

namespace ballast::cli {

/// Lets `command` run `work` when the command line names it; its Error becomes a line on stderr and exit status 1.
inline void run_on(CLI::App* command, int& exit_status, std::function<Result<void>()> work) {
  command->callback([command, &exit_status, work = std::move(work)] {
    const auto done = work();
    if (!done) fmt::print(stderr, "ballast {}: {}\n", command->get_name(), done.error().message);
    exit_status = done ? 0 : 1;
  });
}

/// The daemon of the instance that --instance, the environment or the network namespace says.
inline Result<control::Client> connect_to_daemon() {
  const auto instance = instance_name("");
  if (!instance) return std::unexpected(instance.error());
  return control::Client::connect(*instance);
}

/// Asks the daemon one thing.
inline Result<boost::json::value> ask(std::string_view operation, boost::json::object arguments = {}) {
  auto client = connect_to_daemon();
  if (!client) return std::unexpected(client.error());
  return client->call(operation, std::move(arguments));
}

}  // namespace ballast::cli
