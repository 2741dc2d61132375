// HTTP_GET and SSL_GET
#include <algorithm>
#include <array>

#include "config/keepalived/lvs.h"

namespace ballast::config::keepalived {
namespace {

using cluster::HttpRequest;

constexpr std::int64_t most_offset = 0x7fffffff;

/// status_code 200 200-299 ...: "200,200-299"
void read_status(HttpRequest& request, const Node& node, Context& context) {
  for (std::size_t i = 1; i < node.size(); ++i) {
    const std::string word(node.word(i));
    const auto dash = word.find('-');
    const auto least = parse_number(word.substr(0, dash));
    const auto most = dash == std::string::npos ? least : parse_number(word.substr(dash + 1));
    if (!least || !most || *least < 100 || *most > 999 || *least > *most) {
      return context.report.error(node.at, fmt::format("{} is no status or range of them", quoted(word)));
    }
    request.status += (request.status.empty() ? "" : ",") + word;
  }
}

void read_options(HttpRequest& request, const Node& node, Context&) {
  for (std::size_t i = 1; i < node.size(); ++i) {
    request.regex_options += (request.regex_options.empty() ? "" : " ") + std::string(node.word(i));
  }
}

constexpr auto url_keywords = std::to_array<Keyword<HttpRequest>>({
    {"path", [](HttpRequest& r, const Node& node, Context& x) { r.path = text_of(node, x).value_or(r.path); }},
    {"digest", [](HttpRequest& r, const Node& node, Context& x) { r.expect_digest = text_of(node, x).value_or(""); }},
    {"status_code", read_status},
    {"virtualhost", [](HttpRequest& r, const Node& node, Context& x) { r.host = text_of(node, x).value_or(""); }},
    {"regex", [](HttpRequest& r, const Node& node, Context& x) { r.expect = text_of(node, x).value_or(""); }},
    {"regex_no_match", [](HttpRequest& r, const Node&, Context&) { r.expect_match = false; }},
    {"regex_options", read_options},
    {"regex_min_offset",
     [](HttpRequest& r, const Node& node, Context& x) {
       r.expect_from = static_cast<std::uint32_t>(number_of(node, x, 0, most_offset).value_or(0));
     }},
    {"regex_max_offset",
     [](HttpRequest& r, const Node& node, Context& x) {
       r.expect_to = static_cast<std::uint32_t>(number_of(node, x, 0, most_offset).value_or(0));
     }},
});
constexpr auto url_unused = std::to_array<Unused>({
    {"regex_stack", "the stack grows as it has to"},
    {"tls_compliant", "the end of a TLS connection does not count"},
});

/// A checker while it is read.
struct HttpChecker {
  cluster::HealthCheck& check;
  Timing& timing;
  std::string host;
  bool send_name = false;
  std::string name;
};

void read_protocol(HttpChecker& checker, const Node& node, Context& context) {
  const auto text = text_of(node, context);
  if (!text) return;
  if (*text != "1.0" && *text != "1.0C" && *text != "1.0c" && *text != "1.1") {
    return context.report.error(node.at, fmt::format("http_protocol is 1.0, 1.0C or 1.1, not {}", quoted(*text)));
  }
  checker.check.http_version = *text == "1.1" ? cluster::HttpVersion::http_1_1 : cluster::HttpVersion::http_1_0;
}

constexpr auto own_keywords = std::to_array<Keyword<HttpChecker>>({
    {"url",
     [](HttpChecker& c, const Node& node, Context& x) {
       HttpRequest& request = c.check.requests.emplace_back();
       read_block<HttpRequest>(url_keywords, url_unused, request, node, "of a url", x);
     }},
    {"virtualhost", [](HttpChecker& c, const Node& node, Context& x) { c.host = text_of(node, x).value_or(""); }},
    {"http_protocol", read_protocol},
    {"enable_sni", [](HttpChecker& c, const Node&, Context&) { c.send_name = true; }},
    {"sni_name",
     [](HttpChecker& c, const Node& node, Context& x) {
       c.send_name = true;
       c.name = text_of(node, x).value_or("");
     }},
    {"fast_recovery",
     [](HttpChecker& c, const Node& node, Context& x) { c.check.fast_recovery = boolean_of(node, x).value_or(true); }},
    {"tls_compliant",
     [](HttpChecker&, const Node& node, Context& x) {
       node.pass_over();
       x.report.warning(node.at, "tls_compliant is not acted on: the end of a TLS connection does not count");
     }},
    {"nb_get_retry", [](HttpChecker& c, const Node& node, Context& x) { read_timing(c.timing, node, x); }},
});

std::vector<Keyword<HttpChecker>> all_keywords() {
  std::vector<Keyword<HttpChecker>> all(own_keywords.begin(), own_keywords.end());
  for (const auto name : timing_keywords()) {
    all.push_back({name, [](HttpChecker& c, const Node& node, Context& x) { read_timing(c.timing, node, x); }});
  }
  for (const auto name : connection_keywords()) {
    all.push_back({name, [](HttpChecker& c, const Node& node, Context& x) { read_connection(c.check, node, x); }});
  }
  return all;
}

}  // namespace

void read_http_checker(cluster::HealthCheck& check, Timing& timing, const Node& block,
                       const CheckerSurroundings& surroundings, Context& context) {
  check.type = cluster::CheckType::http;
  check.http_version = cluster::HttpVersion::http_1_0;
  HttpChecker checker{.check = check, .timing = timing, .host = surroundings.virtual_host, .name = {}};
  read_block<HttpChecker>(all_keywords(), {}, checker, block, fmt::format("of {}", block.keyword()), context);
  if (check.requests.empty()) {
    context.report.warning(block.at, fmt::format("{} has no url; '/' is asked for", block.keyword()));
    check.requests.emplace_back();
  }
  for (HttpRequest& request : check.requests) {
    if (request.host.empty()) request.host = checker.host;
  }
  if (block.keyword() != "SSL_GET") return;
  check.tls = surroundings.document.tls;
  check.tls->send_server_name = checker.send_name;
  check.tls->server_name = checker.name;
}

}  // namespace ballast::config::keepalived
