#include "cli/ipvsadm/rules_file.h"

#include <fmt/format.h>

#include <cctype>

#include "cli/ipvsadm/parse.h"
#include "cli/ipvsadm/restore_words.h"
#include "cluster/edit.h"

namespace ballast::ipvsadm {
namespace {

constexpr std::string_view blanks = " \t\r";

/// Takes the next line off the text.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

bool is_comment(std::string_view line) { return line.starts_with('#'); }

void merge(cluster::Timeouts& timeouts, const cluster::Timeouts& set) {
  for (const auto member : {&cluster::Timeouts::tcp, &cluster::Timeouts::tcp_fin, &cluster::Timeouts::udp}) {
    if ((set.*member).count() != 0) timeouts.*member = set.*member;
  }
}

Result<void> apply(cluster::Cluster& cluster, cluster::Timeouts& timeouts, const Command& command) {
  const auto& key = command.service.key;
  switch (command.verb) {
    case Verb::add_service:
      return cluster::add_service(cluster, command.service);
    case Verb::edit_service:
      return cluster::edit_service(cluster, command.service);
    case Verb::delete_service:
      return cluster::delete_service(cluster, key);
    case Verb::flush:
      cluster::clear(cluster);
      return {};
    case Verb::add_server:
      return cluster::add_server(cluster, key, command.server);
    case Verb::edit_server:
      return cluster::edit_server(cluster, key, command.server);
    case Verb::delete_server:
      return cluster::delete_server(cluster, key, command.server.endpoint);
    case Verb::set_timeouts:
      merge(timeouts, command.timeouts);
      return cluster::set_timeouts(cluster, command.timeouts);
    default:
      return fail("only rules belong here: -A, -E, -D, -a, -e, -d, -C, --set", EINVAL);
  }
}

/// The first line of what the command would print, without its advice to read the help.
std::string reason(const Refusal& refusal) {
  const std::string first = refusal.message.substr(0, refusal.message.find('\n'));
  return first.starts_with("Try ") ? "not a command line of ipvsadm" : first;
}

}  // namespace

bool looks_like_rules(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos || is_comment(line)) continue;
    line.remove_prefix(begin);
    if (line.starts_with("ipvsadm ")) return true;
    const std::string_view option = line.substr(0, line.find_first_of(blanks));
    const std::size_t dashes = option.find_first_not_of('-');
    return (dashes == 1 || dashes == 2) && std::isalpha(static_cast<unsigned char>(option[dashes])) != 0;
  }
  return false;
}

Result<Rules> read_rules(std::string_view text, const std::string& file_name, const Names& names) {
  cluster::Cluster cluster;
  Rules rules;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    const auto words = restore_words("ipvsadm", line);
    if (is_comment(line) || words.size() < 2) continue;
    const auto wrong = [&](const std::string& message) {
      return fail(fmt::format("{}:{}: {}", file_name, number, message), EINVAL);
    };
    const auto command = parse(words, names);
    if (!command) return wrong(reason(command.error()));
    if (const auto applied = apply(cluster, rules.timeouts, *command); !applied) return wrong(applied.error().message);
  }
  rules.services = std::move(cluster.services);
  return rules;
}

}  // namespace ballast::ipvsadm
