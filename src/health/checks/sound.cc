#include "health/checks/sound.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "health/checks/dns_message.h"
#include "health/checks/http_message.h"
#include "health/checks/lines.h"
#include "health/checks/pattern.h"

namespace ballast::health {
namespace {

using cluster::CheckType;
using cluster::HealthCheck;
using cluster::HttpRequest;
using Problem = std::optional<std::string>;

constexpr std::size_t md5_digits = 32;

Problem problem_of_expression(const std::string& expression, std::string_view options = "") {
  const auto pattern = Pattern::compile(expression, options);
  return pattern ? std::nullopt : Problem(pattern.error().message);
}

bool is_digest(std::string_view text) {
  return text.size() == md5_digits && std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

Problem problem_of_request(CheckType type, const HttpRequest& request) {
  const bool whole_url = type == CheckType::http_proxy;
  if ((!whole_url && !request.path.starts_with('/')) || !fits_a_request(request.path)) {
    return fmt::format("'{}' is not a path: it begins with '/' and has no blanks", quotable(request.path));
  }
  if (request.method.empty() || !fits_a_request(request.method)) {
    return fmt::format("'{}' is not a method such as GET", quotable(request.method));
  }
  if (!request.host.empty() && !fits_a_request(request.host)) {
    return fmt::format("'{}' is not a host's name", quotable(request.host));
  }
  if (const auto status = StatusSet::parse(request.status); !status) return status.error().message;
  if (!request.expect_digest.empty() && !is_digest(request.expect_digest)) {
    return fmt::format("'{}' is not an MD5 digest: {} hexadecimal digits", quotable(request.expect_digest), md5_digits);
  }
  if (request.expect_to != 0 && request.expect_to < request.expect_from) {
    return fmt::format("a match from byte {} to byte {} cannot be", request.expect_from, request.expect_to);
  }
  return problem_of_expression(request.expect, request.regex_options);
}

Problem problem_of_lines(const HealthCheck& check) {
  for (const auto& [text, name] :
       {std::pair(&check.helo, "helo"), std::pair(&check.user, "user"), std::pair(&check.password, "password")}) {
    if (!fits_a_line(*text)) return fmt::format("{} must not have line breaks", name);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> problem_of(const HealthCheck& check) {
  if (check.type == CheckType::http || check.type == CheckType::http_proxy) {
    for (const auto& request : check.requests) {
      if (auto problem = problem_of_request(check.type, request)) return problem;
    }
  }
  if (check.type == CheckType::dns && !dns_type(check.record)) {
    return fmt::format("unknown type of record '{}'", quotable(check.record));
  }
  if (check.type == CheckType::udp && check.reply_least > check.reply_most) {
    return fmt::format("an answer of at least {} and at most {} bytes cannot be", check.reply_least, check.reply_most);
  }
  if (check.type == CheckType::file && !check.command.empty() && !check.command.starts_with('/')) {
    return fmt::format("'{}' is not a whole path", quotable(check.command));
  }
  if (auto problem = problem_of_lines(check)) return problem;
  return problem_of_expression(check.expect, check.type == CheckType::dns ? "caseless" : "");
}

}  // namespace ballast::health
