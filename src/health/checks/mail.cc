// SMTP, IMAP, POP3: greeting, TLS where asked, login where asked.
#include "health/checks/lines.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

bool wants_start_tls(const HealthCheck& check) { return check.tls && check.tls->start_tls; }

Verdict no_login() { return down("user and password of a check must not have line breaks"); }

/// "quoted \"string\"" (RFC 9051 §4.3).
std::string imap_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

/// The completion of the command `tag`, without the tag: "OK done", passing over untagged lines.
auto take_completion(std::string tag) {
  return [tag = std::move(tag) + " "](std::string& received) -> Parsed<std::string> {
    while (true) {
      auto line = take_line(received);
      if (!line || !*line) return line;
      if ((*line)->starts_with(tag)) return std::optional((*line)->substr(tag.size()));
      if (!(*line)->starts_with("* ")) return fail(fmt::format("not IMAP: '{}'", quotable(**line)));
    }
  };
}

}  // namespace

Conversation smtp_conversation(HealthCheck check, std::string own_name) {
  const std::string helo = check.helo.empty() ? own_name : check.helo;
  if (!fits_a_line(helo)) co_return down("the name for HELO must not have line breaks");
  const Reply greeting = co_await take("the greeting", take_reply);
  if (greeting.code != 220) co_return down(fmt::format("greeting '{}', wanted 220", greeting.to_string()));
  if (wants_start_tls(check)) {
    co_yield fmt::format("EHLO {}\r\n", helo);
    const Reply capable = co_await take("the answer to EHLO", take_reply);
    if (capable.code != 250) co_return down(fmt::format("EHLO was answered '{}'", capable.to_string()));
    co_yield "STARTTLS\r\n";
    const Reply ready = co_await take("the answer to STARTTLS", take_reply);
    if (ready.code != 220) co_return down(fmt::format("STARTTLS was answered '{}'", ready.to_string()));
    co_await start_tls();
  }
  co_yield fmt::format("HELO {}\r\n", helo);
  const Reply hello = co_await take("the answer to HELO", take_reply);
  if (hello.code != 250) co_return down(fmt::format("HELO was answered '{}'", hello.to_string()));
  co_yield "QUIT\r\n";
  co_return up(greeting.to_string());
}

Conversation imap_conversation(HealthCheck check) {
  if (!fits_a_line(check.user) || !fits_a_line(check.password)) co_return no_login();
  const std::string greeting = co_await take("the greeting", take_line);
  if (!starts_with_word(greeting, "* OK") && !starts_with_word(greeting, "* PREAUTH")) {
    co_return down(fmt::format("greeting '{}', wanted '* OK'", quotable(greeting)));
  }
  if (wants_start_tls(check)) {
    co_yield "a1 STARTTLS\r\n";
    const std::string ready = co_await take("the answer to STARTTLS", take_completion("a1"));
    if (!starts_with_word(ready, "OK")) co_return down(fmt::format("STARTTLS was answered '{}'", quotable(ready)));
    co_await start_tls();
  }
  if (!check.user.empty()) {
    co_yield fmt::format("a2 LOGIN {} {}\r\n", imap_quoted(check.user), imap_quoted(check.password));
    const std::string done = co_await take("the answer to LOGIN", take_completion("a2"));
    if (!starts_with_word(done, "OK")) co_return down(fmt::format("login refused: '{}'", quotable(done)));
  }
  co_yield "a3 LOGOUT\r\n";
  co_return up(check.user.empty() ? quotable(greeting) : "logged in");
}

Conversation pop3_conversation(HealthCheck check) {
  if (!fits_a_line(check.user) || !fits_a_line(check.password)) co_return no_login();
  const std::string greeting = co_await take("the greeting", take_line);
  if (!starts_with_word(greeting, "+OK"))
    co_return down(fmt::format("greeting '{}', wanted '+OK'", quotable(greeting)));
  if (wants_start_tls(check)) {
    co_yield "STLS\r\n";
    const std::string ready = co_await take("the answer to STLS", take_line);
    if (!starts_with_word(ready, "+OK")) co_return down(fmt::format("STLS was answered '{}'", quotable(ready)));
    co_await start_tls();
  }
  if (!check.user.empty()) {
    co_yield fmt::format("USER {}\r\n", check.user);
    const std::string known = co_await take("the answer to USER", take_line);
    if (!starts_with_word(known, "+OK")) co_return down(fmt::format("login refused: '{}'", quotable(known)));
    co_yield fmt::format("PASS {}\r\n", check.password);
    const std::string done = co_await take("the answer to PASS", take_line);
    if (!starts_with_word(done, "+OK")) co_return down(fmt::format("login refused: '{}'", quotable(done)));
  }
  co_yield "QUIT\r\n";
  co_return up(check.user.empty() ? quotable(greeting) : "logged in");
}

}  // namespace ballast::health
