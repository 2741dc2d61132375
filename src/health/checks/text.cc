// TCP with words of the operator's own: `send` and `expect`.
#include <memory>

#include "health/checks/lines.h"
#include "health/checks/pattern.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

constexpr std::size_t most_kept = 1 << 20;

Verdict mismatch(const Pattern& pattern, const std::string& answer) {
  if (answer.empty()) return down("connection closed by the server without an answer");
  return down(fmt::format("answer '{}' does not match {}", quotable(answer), pattern.to_string()));
}

std::string wanted_answer(const HealthCheck& check, const Pattern& pattern) {
  return check.expect.empty() ? "an answer" : fmt::format("an answer that matches {}", pattern.to_string());
}

}  // namespace

Conversation text_conversation(HealthCheck check) {
  const auto pattern = Pattern::compile(check.expect);
  if (!pattern) co_return down(pattern.error().message);
  if (check.send.empty() && check.expect.empty()) co_return up("connected");
  co_yield check.send;
  const std::string what = wanted_answer(check, *pattern);
  std::string answer;
  while (answer.size() < most_kept) {
    const auto bytes = co_await take_any(what);
    if (!bytes) break;
    answer += *bytes;
    const auto matches = pattern->matches(answer);
    if (!matches) co_return down(matches.error().message);
    if (*matches) co_return up(fmt::format("answered '{}'", quotable(answer)));
  }
  co_return mismatch(*pattern, answer);
}

Result<Question> udp_question(const HealthCheck& check) {
  auto pattern = Pattern::compile(check.expect);
  if (!pattern) return std::unexpected(pattern.error());
  const auto judge = [shared = std::make_shared<Pattern>(std::move(*pattern)), least = check.reply_least,
                      most = check.reply_most](std::string_view answer) -> std::optional<Verdict> {
    if (answer.size() < least || answer.size() > most) {
      return down(fmt::format("answer has {} bytes, wanted {}-{}", answer.size(), least, most));
    }
    const auto matches = shared->matches(answer);
    if (!matches) return down(matches.error().message);
    if (!*matches) {
      return down(fmt::format("answer '{}' does not match {}", quotable(answer), shared->to_string()));
    }
    return up(fmt::format("answered with {} bytes", answer.size()));
  };
  return Question{.datagram = check.send, .judge = judge};
}

}  // namespace ballast::health
