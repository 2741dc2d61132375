#include "cli/ipvsadm/execute.h"

#include <fmt/format.h>

#include <expected>
#include <istream>
#include <ostream>
#include <utility>
#include <vector>

#include "cli/ipvsadm/error_text.h"
#include "cli/ipvsadm/format.h"
#include "cli/ipvsadm/help.h"
#include "cli/ipvsadm/order.h"
#include "cli/ipvsadm/parse.h"
#include "cli/ipvsadm/restore_words.h"

namespace ballast::ipvsadm {
namespace {

constexpr int refused_by_table = 255;
constexpr int list_failed = 1;

Refusal no_table(const Error& error) {
  const bool forbidden = error.code == EACCES || error.code == EPERM;
  const std::string reason = forbidden ? error_text(Request::other, error) : error.message;
  return {
      fmt::format("Can't initialize ipvs: {}\n"
                  "Are you sure that IP Virtual Server is built in the kernel or as module?",
                  reason)};
}

Refusal list_refusal(Request request, const Error& error) { return {error_text(request, error), list_failed}; }

Request request_of(Verb verb) {
  switch (verb) {
    case Verb::add_service:
      return Request::add_service;
    case Verb::edit_service:
      return Request::edit_service;
    case Verb::delete_service:
      return Request::delete_service;
    case Verb::add_server:
      return Request::add_server;
    case Verb::edit_server:
      return Request::edit_server;
    case Verb::delete_server:
      return Request::delete_server;
    case Verb::zero:
      return Request::zero;
    case Verb::start_daemon:
      return Request::start_daemon;
    case Verb::stop_daemon:
      return Request::stop_daemon;
    default:
      return Request::other;
  }
}

Result<void> apply(IpvsTable& table, const Command& command) {
  const auto& key = command.service.key;
  switch (command.verb) {
    case Verb::add_service:
      return table.add_service(command.service);
    case Verb::edit_service:
      return table.edit_service(command.service);
    case Verb::delete_service:
      return table.delete_service(key);
    case Verb::flush:
      return table.clear();
    case Verb::add_server:
      return table.add_server(key, command.server);
    case Verb::edit_server:
      return table.edit_server(key, command.server);
    case Verb::delete_server:
      return table.delete_server(key, command.server.endpoint);
    case Verb::zero:
      return table.zero(command.has_service ? std::optional(key) : std::nullopt);
    case Verb::set_timeouts:
      return table.set_timeouts(command.timeouts);
    case Verb::start_daemon:
      return table.start_sync_daemon(command.sync_daemon);
    case Verb::stop_daemon:
      return table.stop_sync_daemon(command.sync_daemon.role);
    default:
      return {};
  }
}

bool is_part_of_a_transaction(Verb verb) {
  switch (verb) {
    case Verb::add_service:
    case Verb::edit_service:
    case Verb::delete_service:
    case Verb::flush:
    case Verb::add_server:
    case Verb::edit_server:
    case Verb::delete_server:
    case Verb::zero:
    case Verb::set_timeouts:
      return true;
    default:
      return false;
  }
}

bool ends_restore(Verb verb) { return verb == Verb::help || verb == Verb::version || verb == Verb::restore; }

/// The command lines that a restore of `in` comes to, the last one being where it ends.
std::vector<std::expected<Command, Refusal>> commands_of(std::istream& in, const std::string& program,
                                                         const Names& names) {
  std::vector<std::expected<Command, Refusal>> commands;
  bool ended = false;
  for (std::string line; !ended && std::getline(in, line);) {
    const auto words = restore_words(program, line);
    if (line.starts_with('#') || words.size() < 2) continue;
    commands.push_back(parse(words, names));
    ended = commands.back() ? ends_restore(commands.back()->verb) : commands.back().error().ends_restore;
  }
  return commands;
}

}  // namespace

int Executor::run_words(std::span<const std::string> words) {
  if (words.size() < 2) return run({}).exit_code;
  const auto command = parse(words, names_);
  if (!command) return refuse(command.error()).exit_code;
  return command->verb == Verb::restore ? restore() : run(*command).exit_code;
}

int Executor::restore() {
  Outcome outcome;
  std::string line;
  while (!outcome.ends_restore && std::getline(streams_.in, line)) {
    const auto words = restore_words(program_, line);
    if (words.size() > 1) outcome = run_line(words);
  }
  return outcome.exit_code;
}

int Executor::restore_at_once() {
  if (auto opened = table_.open(); !opened) return refuse(no_table(opened.error())).exit_code;
  const auto lines = commands_of(streams_.in, program_, names_);
  table_.begin();
  static_cast<void>(table_.clear());
  for (const auto& line : lines) {
    if (line && is_part_of_a_transaction(line->verb)) static_cast<void>(apply(table_, *line));
  }
  const auto made = table_.commit();
  if (!made) return refuse({made.error().message, refused_by_table}).exit_code;

  auto next = made->begin() + 1;  // the first is the clear
  Outcome last;
  for (const auto& line : lines) {
    if (!line) {
      last = refuse(line.error());
    } else if (is_part_of_a_transaction(line->verb)) {
      last = outcome(*line, *next++);
    } else {
      last = run(*line);
    }
  }
  return last.exit_code;
}

Outcome Executor::run_line(std::span<const std::string> words) {
  const auto command = parse(words, names_);
  return command ? run(*command) : refuse(command.error());
}

Outcome Executor::run(const Command& command) {
  if (command.verb == Verb::help || command.verb == Verb::version) {
    streams_.out << (command.verb == Verb::help ? help_text(program_) : version_text());
    return {0, true};
  }
  if (command.verb == Verb::restore) return refuse(try_help(program_));
  if (auto opened = table_.open(); !opened) return refuse(no_table(opened.error()));
  switch (command.verb) {
    case Verb::list:
      return list(command);
    case Verb::save:
      return save(command.format.numeric);
    default:
      return change(command);
  }
}

Outcome Executor::list(const Command& command) {
  switch (command.subject) {
    case ListSubject::table:
      return list_table(command.format);
    case ListSubject::service:
      return list_service(command.service.key, command.format);
    case ListSubject::connections:
      return list_connections(command.format);
    case ListSubject::timeouts:
      return list_timeouts();
    case ListSubject::sync_daemons:
      return list_sync_daemons();
  }
  return {};
}

Outcome Executor::list_table(const ListFormat& format) {
  auto services = table_.services();
  if (!services) return refuse(list_refusal(Request::other, services.error()));
  if (format.sorted) sort(*services);
  streams_.out << banner() << title(format.columns);
  for (auto& service : *services) {
    if (format.sorted) sort(service.servers);
    streams_.out << service_text(service, format.columns, format.exact, names(format.numeric));
  }
  return {};
}

Outcome Executor::list_service(const cluster::ServiceKey& key, const ListFormat& format) {
  auto service = table_.service(key);
  if (!service) return refuse(list_refusal(Request::get_service, service.error()));
  if (format.sorted) sort(service->servers);
  streams_.out << title(format.columns) << service_text(*service, format.columns, format.exact, names(format.numeric));
  return {};
}

Outcome Executor::list_connections(const ListFormat& format) {
  streams_.out << connections_title(format.columns == Columns::persistent_connections);
  auto listed = table_.connections([&](const control::ConnectionView& connection) {
    streams_.out << connection_text(connection, names(format.numeric));
  });
  if (!listed) return refuse(list_refusal(Request::other, listed.error()));
  return {};
}

Outcome Executor::list_timeouts() {
  const auto timeouts = table_.timeouts();
  if (!timeouts) return refuse(list_refusal(Request::other, timeouts.error()));
  streams_.out << timeouts_text(*timeouts);
  return {};
}

Outcome Executor::list_sync_daemons() {
  const auto daemons = table_.sync_daemons();
  if (!daemons) return refuse(list_refusal(Request::other, daemons.error()));
  for (const auto& daemon : *daemons) streams_.out << sync_daemon_text(daemon);
  return {};
}

Outcome Executor::save(bool numeric) {
  auto services = table_.services();
  if (!services) return refuse(list_refusal(Request::other, services.error()));
  sort(*services);
  for (auto& service : *services) {
    sort(service.servers);
    streams_.out << service_rules(service, names(numeric));
  }
  return {};
}

Outcome Executor::change(const Command& command) { return outcome(command, apply(table_, command)); }

Outcome Executor::outcome(const Command& command, const Result<void>& changed) {
  if (changed) return {};
  return refuse({error_text(request_of(command.verb), changed.error()), refused_by_table, false});
}

Outcome Executor::refuse(const Refusal& refusal) {
  streams_.err << refusal.message << '\n';
  return {refusal.exit_code, refusal.ends_restore};
}

}  // namespace ballast::ipvsadm
