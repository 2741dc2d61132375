#include <charconv>
#include <fstream>

#include "health/checks/checkers.h"
#include "health/checks/endpoints.h"
#include "health/checks/lines.h"
#include "process/command.h"
#include "process/words.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;
using cluster::CommandArguments;
using cluster::HealthCheck;

/// What ldirectord appends: VIP VPORT RIP RPORT. A service by firewall mark has its mark and 0 in the place of the
/// first two.
std::vector<std::string> address_arguments(const CheckTarget& target) {
  const auto peer = peer_of(target);
  const auto* by_address = std::get_if<cluster::AddressKey>(&target.service);
  const auto* by_mark = std::get_if<cluster::MarkKey>(&target.service);
  return {by_mark != nullptr ? std::to_string(by_mark->mark) : by_address->endpoint.address.to_string(),
          std::to_string(by_mark != nullptr ? 0 : by_address->endpoint.port), peer.address.to_string(),
          std::to_string(peer.port)};
}

Result<process::Command> command_of(const CheckTarget& target) {
  process::Command command;
  auto words = process::split_words(target.check.command);
  if (!words) return std::unexpected(words.error());
  if (words->empty()) return fail("no command is given");
  command.words = std::move(*words);
  if (target.check.arguments == CommandArguments::addresses) {
    for (auto& word : address_arguments(target)) command.words.push_back(std::move(word));
  }
  command.user = target.check.command_user;
  command.timeout = target.check.timeout;
  return command;
}

std::string phrase_of(const process::Exit& exit) {
  const std::string output = quotable(exit.output);
  return output.empty() ? to_string(exit) : fmt::format("{}: {}", to_string(exit), output);
}

/// keepalived's misc_dynamic: 2 to 255 is a weight of 0 to 253. Without it, 0 alone is up.
CheckResult judge_exit(const HealthCheck& check, const process::Exit& exit) {
  CheckResult result;
  const bool says_weight = check.weight_from_result && !exit.timed_out && exit.signal == 0 && exit.status >= 2;
  result.up = exit.success() || says_weight;
  result.reason = phrase_of(exit);
  if (says_weight) result.weight = exit.status - 2;
  return result;
}

}  // namespace

asio::awaitable<CheckResult> check_by_command(const CheckTarget& target) {
  auto command = command_of(target);
  if (!command) co_return result_of(down(command.error().message));
  const auto exit = co_await process::run(std::move(*command));
  if (!exit) co_return result_of(down(exit.error().message));
  co_return judge_exit(target.check, *exit);
}

CheckResult check_by_file(const HealthCheck& check) {
  std::ifstream file(check.command);
  std::string word;
  if (!(file >> word)) return result_of(down(fmt::format("{}: there is no number to read", check.command)));
  std::int32_t number = 0;
  const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (wrong != std::errc() || end != word.data() + word.size()) {
    return result_of(down(fmt::format("{}: '{}' is not a number", check.command, quotable(word))));
  }
  CheckResult result =
      result_of({check.weight_from_result || number == 0, fmt::format("{} in {}", number, check.command)});
  if (check.weight_from_result) result.weight = number;
  return result;
}

}  // namespace ballast::health
