// HTTP/1.0 and 1.1 (RFC 9112), to servers and to proxies.
#include "health/checks/http_message.h"
#include "health/checks/lines.h"

namespace ballast::health {
namespace {

constexpr int most_headers = 256;

std::string target_of(const HealthCheck& check, const HttpRequest& request, const std::string& host) {
  const bool is_url = request.path.find("://") != std::string::npos;
  if (check.type != cluster::CheckType::http_proxy || is_url) return request.path;
  return fmt::format("http://{}{}", host, request.path);
}

std::string request_text(const HealthCheck& check, const HttpRequest& request, const std::string& host) {
  return fmt::format("{} {} HTTP/{}\r\nHost: {}\r\nUser-Agent: ballast\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                     request.method, target_of(check, request, host),
                     check.http_version == cluster::HttpVersion::http_1_0 ? "1.0" : "1.1", host);
}

bool has_no_body(const HttpRequest& request, int status) {
  return request.method == "HEAD" || status == 204 || status == 304;
}

}  // namespace

Conversation http_1_conversation(HealthCheck check, HttpRequest request, std::string host) {
  if (!request.host.empty()) host = request.host;
  if (!fits_a_request(request.path) || !fits_a_request(request.method) || !fits_a_request(host)) {
    co_return down("method, path and host of a check must be printable and without blanks");
  }
  co_yield request_text(check, request, host);
  int status = 0;
  Framing framing;
  do {  // answers of 1xx come before the real one
    const std::string first = co_await take("the status line", take_line);
    const auto parsed = parse_status_line(first);
    if (!parsed) co_return down(parsed.error().message);
    status = *parsed;
    framing = {};
    for (int headers = 0;; ++headers) {
      if (headers > most_headers) co_return down(fmt::format("more than {} headers", most_headers));
      const std::string line = co_await take("the headers", take_line);
      if (line.empty()) break;
      const auto read = read_header(line, framing);
      if (!read) co_return down(read.error().message);
    }
  } while (status < 200);

  HttpBody body;
  if (has_no_body(request, status)) co_return judge_http(request, status, body);
  if (framing.chunked || framing.length) {
    body = co_await take("the body", BodyParser(framing));
    co_return judge_http(request, status, body);
  }
  while (body.whole) {
    const auto bytes = co_await take_any("the end of the body");
    if (!bytes) break;
    body.whole = body.bytes.size() + bytes->size() <= most_body;
    if (body.whole) body.bytes += *bytes;
  }
  co_return judge_http(request, status, body);
}

}  // namespace ballast::health
