#include <memory>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/ipvsadm/rules_file.h"
#include "config/yaml.h"
#include "control/desired.h"
#include "control/json.h"

namespace ballast::cli {
namespace {

struct Options {
  std::string path;
  std::string format = "auto";
  bool difference = false;
  bool dry_run = false;
};

/// What a file asks for.
struct Wanted {
  std::vector<cluster::VirtualService> services;
  cluster::Timeouts timeouts = control::CommandState{}.timeouts;
  std::vector<std::string> notes;
};

Result<Wanted> read_rules(const std::string& text, const std::string& path) {
  auto rules = ipvsadm::read_rules(text, path, ipvsadm::SystemNames());
  if (!rules) return std::unexpected(std::move(rules.error()));
  return Wanted{std::move(rules->services), rules->timeouts, {}};
}

Result<Wanted> read_yaml(const std::string& text, const std::string& path) {
  auto cluster = config::read_yaml(text, path);
  if (!cluster) return std::unexpected(std::move(cluster.error()));
  Wanted wanted;
  wanted.services = std::move(cluster->services);
  if (cluster->director != cluster::DirectorSettings{}) {
    wanted.notes.push_back(fmt::format(
        "{}: 'director' is not applied: it belongs into the file that 'ballast run -c' reads (ballast reload)", path));
  }
  return wanted;
}

Result<Wanted> read_file(const Options& options) {
  const auto text = config::read_text(options.path);
  if (!text) return std::unexpected(text.error());
  const bool rules = options.format == "ipvsadm" || (options.format == "auto" && ipvsadm::looks_like_rules(*text));
  return rules ? read_rules(*text, options.path) : read_yaml(*text, options.path);
}

/// Prints the texts of an array that the daemon answered.
void print_all(const boost::json::object& answer, std::string_view member, std::string_view prefix) {
  const auto* texts = answer.if_contains(member);
  if (texts == nullptr || !texts->is_array()) return;
  for (const auto& text : texts->get_array()) {
    if (text.is_string()) fmt::print("{}{}\n", prefix, std::string_view(text.get_string()));
  }
}

Result<void> apply(const Options& options) {
  const auto wanted = read_file(options);
  if (!wanted) return std::unexpected(wanted.error());
  const auto answer = ask("apply", {{"services", control::to_json(wanted->services)},
                                    {"timeouts", control::to_json(wanted->timeouts)},
                                    {"dry_run", options.dry_run}});
  if (!answer) return fail(fmt::format("{}: {}", options.path, answer.error().message), answer.error().code);
  const auto* told = answer->if_object();
  if (told == nullptr) return fail("the daemon's answer is not understood", EPROTO);
  if (options.difference || options.dry_run) print_all(*told, "lines", "");
  for (const auto& note : wanted->notes) fmt::print("note: {}\n", note);
  print_all(*told, "notes", "note: ");
  const auto* changed = told->if_contains("changed");
  if (changed != nullptr && changed->is_string()) {
    fmt::print("{}: {}\n", options.dry_run ? "would change" : "changed", std::string_view(changed->get_string()));
  }
  return {};
}

}  // namespace

void add_apply_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("apply", "Make the services of a file those that commands made, in one step");
  command->add_option("FILE", options->path, "Services: YAML, or rules as ipvsadm-save writes them")
      ->required()
      ->type_name("");
  command->add_option("--format", options->format, "auto (default), yaml or ipvsadm")
      ->check(CLI::IsMember({"auto", "yaml", "ipvsadm"}).description(""))
      ->type_name("FORMAT");
  command->add_flag("--diff", options->difference, "Print what changes, service by service and server by server");
  command->add_flag("--dry-run", options->dry_run, "Print what would change, and change nothing");
  run_on(command, exit_status, [options] { return apply(*options); });
}

}  // namespace ballast::cli
