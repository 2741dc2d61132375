#include "health/checks/http_message.h"

#include <algorithm>
#include <charconv>

#include "health/checks/crypto.h"
#include "health/checks/lines.h"
#include "health/checks/pattern.h"

namespace ballast::health {
namespace {

template <typename T>
std::optional<T> number_in(std::string_view text, int base = 10) {
  T value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool same_word(std::string_view a, std::string_view b) { return a.size() == b.size() && starts_with_word(a, b); }

std::string_view plain_kind(bool wanted) { return wanted ? "body does not match" : "body matches"; }

Verdict judge_body(const HttpRequest& wanted, int status, const HttpBody& body) {
  if (!body.whole) return down(fmt::format("body is larger than {} MiB", most_body >> 20));
  if (!wanted.expect_digest.empty()) {
    const std::string seen = to_hex(digest(Hash::md5, body.bytes));
    if (!same_word(wanted.expect_digest, seen)) {
      return down(fmt::format("MD5 of the body is {}, wanted {}", seen, wanted.expect_digest));
    }
  }
  if (wanted.expect.empty()) return up(fmt::format("status {}, MD5 of the body as wanted", status));
  const auto pattern = Pattern::compile(wanted.expect, wanted.regex_options);
  if (!pattern) return down(pattern.error().message);
  const auto matches = pattern->matches(body.bytes, {.from = wanted.expect_from, .to = wanted.expect_to});
  if (!matches) return down(matches.error().message);
  if (*matches != wanted.expect_match) {
    return down(fmt::format("{} {}", plain_kind(wanted.expect_match), pattern->to_string()));
  }
  return up(
      fmt::format("status {}, body {} {}", status, *matches ? "matches" : "does not match", pattern->to_string()));
}

}  // namespace

Result<StatusSet> StatusSet::parse(std::string_view text) {
  if (text.empty()) text = "200-299";
  StatusSet set;
  set.text_ = text;
  while (true) {
    const auto part = trimmed(text.substr(0, text.find(',')));
    const auto dash = part.find('-');
    const auto first = number_in<int>(trimmed(part.substr(0, dash)));
    const auto last = dash == part.npos ? first : number_in<int>(trimmed(part.substr(dash + 1)));
    if (!first || !last || *first < 100 || *last > 999 || *first > *last) {
      return fail(fmt::format("'{}' is not a set of status codes, as 200-299,304", set.text_));
    }
    set.ranges_.push_back({*first, *last});
    if (text.find(',') == text.npos) return set;
    text.remove_prefix(text.find(',') + 1);
  }
}

bool StatusSet::contains(int status) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [status](const Range& range) { return range.first <= status && status <= range.last; });
}

Verdict judge_http(const HttpRequest& wanted, int status, const HttpBody& body) {
  const auto accepted = StatusSet::parse(wanted.status);
  if (!accepted) return down(accepted.error().message);
  if (!accepted->contains(status)) return down(fmt::format("status {}, wanted {}", status, accepted->to_string()));
  if (wanted.expect.empty() && wanted.expect_digest.empty()) return up(fmt::format("status {}", status));
  return judge_body(wanted, status, body);
}

Result<int> parse_status_line(std::string_view line) {
  if (line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ' && (line.size() == 12 || line[12] == ' ')) {
    const auto status = number_in<int>(line.substr(9, 3));
    if (status && *status >= 100) return *status;
  }
  return fail(fmt::format("not HTTP: '{}'", quotable(line)));
}

Result<void> read_header(std::string_view line, Framing& framing) {
  const auto colon = line.find(':');
  if (colon == line.npos) return fail(fmt::format("not a header: '{}'", quotable(line)));
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (same_word(name, "Transfer-Encoding")) framing.chunked = same_word(value, "chunked");
  if (!same_word(name, "Content-Length")) return {};
  framing.length = number_in<std::uint64_t>(value);
  if (framing.length) return {};
  return fail(fmt::format("not a length of a body: '{}'", quotable(value)));
}

bool BodyParser::keep(std::string& received) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, received.size()));
  body_.whole = body_.bytes.size() + count <= most_body;
  if (!body_.whole) return false;
  body_.bytes.append(received, 0, count);
  received.erase(0, count);
  left_ -= count;
  return true;
}

Parsed<HttpBody> BodyParser::sized(std::string& received) {
  if (keep(received) && left_ != 0) return std::optional<HttpBody>();
  return std::optional(std::move(body_));
}

Result<void> BodyParser::chunk_line(const std::string& line, bool& complete) {
  switch (expects_) {
    case Expects::size: {
      const auto size = number_in<std::uint64_t>(trimmed(std::string_view(line).substr(0, line.find(';'))), 16);
      if (!size) return fail(fmt::format("not the size of a chunk: '{}'", quotable(line)));
      left_ = *size;
      expects_ = left_ == 0 ? Expects::trailer : Expects::data;
      return {};
    }
    case Expects::end_of_data:
      if (!line.empty()) return fail(fmt::format("a chunk goes on behind its end: '{}'", quotable(line)));
      expects_ = Expects::size;
      return {};
    case Expects::trailer:
      complete = line.empty();
      return {};
    case Expects::data:
      break;
  }
  return {};
}

Parsed<HttpBody> BodyParser::chunks(std::string& received) {
  bool complete = false;
  while (!complete) {
    if (expects_ == Expects::data) {
      if (!keep(received)) break;
      if (left_ != 0) return std::optional<HttpBody>();
      expects_ = Expects::end_of_data;
    }
    const auto line = take_line(received);
    if (!line) return std::unexpected(line.error());
    if (!*line) return std::optional<HttpBody>();
    auto read = chunk_line(**line, complete);
    if (!read) return std::unexpected(read.error());
  }
  return std::optional(std::move(body_));
}

Parsed<HttpBody> BodyParser::operator()(std::string& received) { return chunked_ ? chunks(received) : sized(received); }

bool fits_a_request(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

}  // namespace ballast::health
