// DNS, over UDP and TCP. Up is an answer without an error code (as keepalived has it); with `expect`, a record in it
// that matches (as ldirectord has it).
#include <memory>

#include "health/checks/bytes.h"
#include "health/checks/dns_message.h"
#include "health/checks/lines.h"
#include "health/checks/pattern.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

Result<std::string> query_of(const HealthCheck& check, std::uint16_t id) {
  const auto type = dns_type(check.record);
  if (!type) return fail(fmt::format("unknown type of record '{}'", check.record));
  return dns_query(id, check.request, *type);
}

Verdict judge_records(const HealthCheck& check, const DnsAnswer& answer, const Pattern& pattern) {
  if (answer.code != 0) {
    return down(fmt::format("answer for '{}' is {}", quotable(check.request), dns_code_name(answer.code)));
  }
  if (check.expect.empty()) return up(fmt::format("answered with {} records", answer.records.size()));
  for (const auto& record : answer.records) {
    const auto matches = pattern.matches(record);
    if (!matches) return down(matches.error().message);
    if (*matches) return up(fmt::format("record '{}'", quotable(record)));
  }
  if (answer.records.empty()) return down(fmt::format("no record, wanted one that matches {}", pattern.to_string()));
  return down(fmt::format("record '{}' does not match {}", quotable(answer.records.front()), pattern.to_string()));
}

/// nullopt: an answer to something else.
std::optional<Verdict> judge(const HealthCheck& check, std::uint16_t id, const Pattern& pattern,
                             std::string_view message) {
  const auto answer = parse_dns(message);
  if (!answer) return down(answer.error().message);
  if (answer->id != id || !answer->is_response) return std::nullopt;
  return judge_records(check, *answer, pattern);
}

/// RFC 1035 §4.2.2: two bytes of length, then the message.
Parsed<std::string> take_message(std::string& received) {
  Reader reader(received);
  const auto length = reader.big(2);
  const std::string message(reader.bytes(length));
  if (!reader.good()) return std::optional<std::string>();
  received.erase(0, 2 + length);
  return std::optional(message);
}

}  // namespace

Result<Question> dns_question(const HealthCheck& check, std::uint16_t id) {
  auto query = query_of(check, id);
  if (!query) return std::unexpected(query.error());
  auto pattern = Pattern::compile(check.expect, "caseless");
  if (!pattern) return std::unexpected(pattern.error());
  const auto judge_datagram = [check, id, shared = std::make_shared<Pattern>(std::move(*pattern))](
                                  std::string_view message) { return judge(check, id, *shared, message); };
  return Question{.datagram = std::move(*query), .judge = judge_datagram};
}

Conversation dns_conversation(HealthCheck check, std::uint16_t id) {
  const auto query = query_of(check, id);
  if (!query) co_return down(query.error().message);
  const auto pattern = Pattern::compile(check.expect, "caseless");
  if (!pattern) co_return down(pattern.error().message);
  co_yield big_endian(query->size(), 2) + *query;
  const std::string message = co_await take("the answer", take_message);
  const auto verdict = judge(check, id, *pattern, message);
  co_return verdict ? *verdict : down("answer to a question that was not asked");
}

}  // namespace ballast::health
