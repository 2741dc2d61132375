// Messages of HTTP, as far as a check needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "health/checks/conversation.h"
#include "health/checks/protocols.h"

namespace ballast::health {

/// A set of status codes: "200", "200-299,304".
class StatusSet {
 public:
  /// Empty text: 200-299.
  static Result<StatusSet> parse(std::string_view text);
  [[nodiscard]] bool contains(int status) const;
  /// As it was written.
  [[nodiscard]] const std::string& to_string() const { return text_; }

 private:
  struct Range {
    int first = 0;
    int last = 0;
  };
  std::string text_;
  std::vector<Range> ranges_;
};

/// What of a body is kept at most: bodies that are looked into must be smaller.
constexpr std::size_t most_body = 4 << 20;

struct HttpBody {
  std::string bytes;
  bool whole = true;  ///< false: it was larger than `most_body`
};

/// Whether the answer is the one that is wanted.
Verdict judge_http(const HttpRequest& wanted, int status, const HttpBody& body);

/// "HTTP/1.1 200 OK" -> 200
Result<int> parse_status_line(std::string_view line);

/// How the length of an HTTP/1 body is told (RFC 9112 §6).
struct Framing {
  bool chunked = false;
  std::optional<std::uint64_t> length;  ///< absent, and not chunked: up to the end of the connection
};
/// Takes one header line into account.
Result<void> read_header(std::string_view line, Framing& framing);

/// A parser for take(): reads a body of a known length, or in chunks (RFC 9112 §7.1).
class BodyParser {
 public:
  explicit BodyParser(const Framing& framing) : chunked_(framing.chunked), left_(framing.length.value_or(0)) {}
  Parsed<HttpBody> operator()(std::string& received);

 private:
  enum class Expects : std::uint8_t { size, data, end_of_data, trailer };
  Parsed<HttpBody> sized(std::string& received);
  Parsed<HttpBody> chunks(std::string& received);
  /// False: more than is kept.
  bool keep(std::string& received);
  Result<void> chunk_line(const std::string& line, bool& complete);

  bool chunked_;
  Expects expects_ = Expects::size;
  std::uint64_t left_;
  HttpBody body_;
};

/// Whether a method, path or name can stand in a request: printable, without blanks.
bool fits_a_request(std::string_view text);

}  // namespace ballast::health
