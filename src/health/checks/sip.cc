// SIP: OPTIONS (RFC 3261 §11), over UDP and TCP. As with ldirectord, 200 is what counts as up.
#include "health/checks/lines.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

/// Who is asked about: "sip:joe@example".
std::string uri_of(const HealthCheck& check, const std::string& peer) {
  if (check.user.find('@') != std::string::npos) return "sip:" + check.user;
  return fmt::format("sip:{}@{}", check.user.empty() ? "ballast" : check.user, peer);
}

Result<std::string> options_request(const HealthCheck& check, const std::string& peer, const std::string& local_end,
                                    const std::string& tag) {
  if (!fits_a_line(check.user)) return fail("the user of a check must not have line breaks");
  const std::string uri = uri_of(check, peer);
  return fmt::format(
      "OPTIONS {0} SIP/2.0\r\nVia: SIP/2.0/{1} {2};branch=z9hG4bK{3}\r\nMax-Forwards: 70\r\nTo: <{0}>\r\n"
      "From: <{0}>;tag={3}\r\nCall-ID: {3}@ballast\r\nCSeq: 1 OPTIONS\r\nContact: <{0}>\r\nAccept: application/sdp\r\n"
      "Content-Length: 0\r\n\r\n",
      uri, check.over_tcp ? "TCP" : "UDP", local_end, tag);
}

/// nullopt: a provisional answer, the final one follows.
std::optional<Verdict> judge(std::string_view status_line) {
  if (!status_line.starts_with("SIP/2.0 ")) return down(fmt::format("not SIP: '{}'", quotable(status_line)));
  const auto status = status_line.substr(8);
  if (status.starts_with('1')) return std::nullopt;
  if (status.substr(0, 4) == "200 " || status == "200") return up(quotable(status_line));
  return down(fmt::format("answer '{}', wanted 200", quotable(status_line)));
}

/// One message's lines before the empty one; answers to OPTIONS that matter have no body that anyone waits for.
Parsed<std::string> take_head(std::string& received) {
  const auto end = received.find("\r\n\r\n");
  if (end == std::string::npos) return std::optional<std::string>();
  std::string head = received.substr(0, end);
  received.erase(0, end + 4);
  return std::optional(std::move(head));
}

}  // namespace

Conversation sip_conversation(HealthCheck check, std::string peer, std::string local_end, std::string tag) {
  const auto request = options_request(check, peer, local_end, tag);
  if (!request) co_return down(request.error().message);
  co_yield *request;
  while (true) {
    const std::string head = co_await take("the answer to OPTIONS", take_head);
    const auto verdict = judge(head);
    if (verdict) co_return *verdict;
  }
}

Result<Question> sip_question(const HealthCheck& check, const std::string& peer, const std::string& local_end,
                              const std::string& tag) {
  auto request = options_request(check, peer, local_end, tag);
  if (!request) return std::unexpected(request.error());
  const auto judge_datagram = [tag](std::string_view answer) -> std::optional<Verdict> {
    if (answer.starts_with("SIP/2.0 ") && answer.find(tag) == answer.npos) return std::nullopt;
    return judge(answer.substr(0, answer.find("\r\n")));
  };
  return Question{.datagram = std::move(*request), .judge = judge_datagram};
}

}  // namespace ballast::health
