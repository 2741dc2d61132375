// FTP and NNTP.
#include <charconv>

#include "health/checks/lines.h"
#include "health/checks/pattern.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

/// The port in "Entering Extended Passive Mode (|||30123|)" (RFC 2428 §3).
std::optional<std::uint16_t> extended_passive_port(std::string_view text) {
  const auto open = text.find('(');
  if (open == text.npos || open + 5 > text.size()) return std::nullopt;
  const char mark = text[open + 1];
  if (text[open + 2] != mark || text[open + 3] != mark) return std::nullopt;
  const char* const end = text.data() + text.size();
  std::uint16_t port = 0;
  const auto [rest, wrong] = std::from_chars(text.data() + open + 4, end, port);
  if (wrong != std::errc() || rest == end || *rest != mark || port == 0) return std::nullopt;
  return port;
}

Verdict judge_file(const Pattern& pattern, const std::string& name, const std::string& content) {
  const auto matches = pattern.matches(content);
  if (!matches) return down(matches.error().message);
  if (!*matches) return down(fmt::format("file {} does not match {}", quotable(name), pattern.to_string()));
  return up(fmt::format("file {} has {} bytes", quotable(name), content.size()));
}

}  // namespace

Conversation ftp_conversation(HealthCheck check) {
  if (!fits_a_line(check.user) || !fits_a_line(check.password) || !fits_a_line(check.request)) {
    co_return down("user, password and file of a check must not have line breaks");
  }
  const auto pattern = Pattern::compile(check.expect);
  if (!pattern) co_return down(pattern.error().message);
  const Reply greeting = co_await take("the greeting", take_reply);
  if (greeting.code != 220) co_return down(fmt::format("greeting '{}', wanted 220", greeting.to_string()));
  if (check.tls && check.tls->start_tls) {
    co_yield "AUTH TLS\r\n";
    const Reply ready = co_await take("the answer to AUTH TLS", take_reply);
    if (ready.code != 234) co_return down(fmt::format("AUTH TLS was answered '{}'", ready.to_string()));
    co_await start_tls();
  }
  if (check.user.empty() && check.request.empty()) {
    co_yield "QUIT\r\n";
    co_return up(greeting.to_string());
  }
  if (check.user.empty()) {
    check.user = "anonymous";
    check.password = "ballast@";
  }
  co_yield fmt::format("USER {}\r\n", check.user);
  Reply login = co_await take("the answer to USER", take_reply);
  if (login.code == 331) {
    co_yield fmt::format("PASS {}\r\n", check.password);
    login = co_await take("the answer to PASS", take_reply);
  }
  if (login.code != 230 && login.code != 202) co_return down(fmt::format("login refused: '{}'", login.to_string()));
  if (check.request.empty()) {
    co_yield "QUIT\r\n";
    co_return up("logged in");
  }
  if (check.tls) {  // RFC 4217 §9: the data connection too
    co_yield "PBSZ 0\r\n";
    const Reply size = co_await take("the answer to PBSZ", take_reply);
    if (size.code != 200) co_return down(fmt::format("PBSZ was answered '{}'", size.to_string()));
    co_yield "PROT P\r\n";
    const Reply level = co_await take("the answer to PROT", take_reply);
    if (level.code != 200) co_return down(fmt::format("PROT was answered '{}'", level.to_string()));
  }
  co_yield "TYPE I\r\n";
  const Reply type = co_await take("the answer to TYPE", take_reply);
  if (type.code != 200) co_return down(fmt::format("TYPE was answered '{}'", type.to_string()));
  co_yield "EPSV\r\n";
  const Reply passive = co_await take("the answer to EPSV", take_reply);
  const auto port = passive.code == 229 ? extended_passive_port(passive.text) : std::nullopt;
  if (!port) co_return down(fmt::format("EPSV was answered '{}'", passive.to_string()));
  co_await open_data(*port);
  co_yield fmt::format("RETR {}\r\n", check.request);
  const Reply begun = co_await take("the answer to RETR", take_reply);
  if (begun.code != 150 && begun.code != 125) co_return down(fmt::format("RETR was answered '{}'", begun.to_string()));
  const std::string content = co_await read_data();
  const Reply done = co_await take("the end of the transfer", take_reply);
  if (done.code != 226 && done.code != 250) co_return down(fmt::format("transfer ended with '{}'", done.to_string()));
  co_yield "QUIT\r\n";
  co_return judge_file(*pattern, check.request, content);
}

Conversation nntp_conversation(HealthCheck check) {
  if (!fits_a_line(check.request)) co_return down("the group of a check must not have line breaks");
  const Reply greeting = co_await take("the greeting", take_reply);
  if (greeting.code / 100 != 2) co_return down(fmt::format("greeting '{}', wanted 2xx", greeting.to_string()));
  if (check.tls && check.tls->start_tls) {
    co_yield "STARTTLS\r\n";
    const Reply ready = co_await take("the answer to STARTTLS", take_reply);
    if (ready.code != 382) co_return down(fmt::format("STARTTLS was answered '{}'", ready.to_string()));
    co_await start_tls();
  }
  if (!check.request.empty()) {
    co_yield fmt::format("GROUP {}\r\n", check.request);
    const Reply group = co_await take("the answer to GROUP", take_reply);
    if (group.code != 211) co_return down(fmt::format("GROUP was answered '{}'", group.to_string()));
  }
  co_yield "QUIT\r\n";
  co_return up(greeting.to_string());
}

}  // namespace ballast::health
