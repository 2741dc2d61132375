// Regular expressions on what servers answer: PCRE2, with a bound to the work that one may make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct pcre2_real_code_8;

namespace ballast::health {

class Pattern {
 public:
  /// `options`: names of keepalived's regex_options, blank separated ("caseless dotall"). The error names what is wrong
  /// with the expression, and where.
  static Result<Pattern> compile(const std::string& expression, std::string_view options = "");

  /// Where a match may begin, in bytes from the front; `to` 0: anywhere.
  struct Window {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
  };
  /// An error where the expression needs too many steps on this text.
  [[nodiscard]] Result<bool> matches(std::string_view text, Window window) const;
  [[nodiscard]] Result<bool> matches(std::string_view text) const { return matches(text, Window{}); }

  /// "/expression/"
  [[nodiscard]] std::string to_string() const { return "/" + expression_ + "/"; }

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
  };
  Pattern(std::string expression, pcre2_real_code_8* code) : expression_(std::move(expression)), code_(code) {}

  std::string expression_;
  std::unique_ptr<pcre2_real_code_8, Free> code_;
};

}  // namespace ballast::health
