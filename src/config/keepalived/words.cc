#include "config/keepalived/words.h"

#include <cctype>

namespace ballast::config::keepalived {
namespace {

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

int digit(char c, int base) {
  const int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : base;
  return value < base ? value : -1;
}

/// Takes up to `most` digits from the front.
char number(std::string_view& text, int base, std::size_t most) {
  unsigned value = 0;
  for (std::size_t i = 0; i < most && !text.empty() && digit(text.front(), base) >= 0; ++i) {
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit(text.front(), base));
    text.remove_prefix(1);
  }
  return static_cast<char>(value);
}

/// The character that an escape stands for; takes what is behind the backslash from the front.
char unescaped(std::string_view& text) {
  constexpr std::string_view letters = "abEfnrtv";
  constexpr std::string_view meanings = "\a\b\x1b\f\n\r\t\v";
  if (text.empty()) return '\\';
  const char c = text.front();
  if (digit(c, 8) >= 0) return number(text, 8, 3);
  text.remove_prefix(1);
  if (c == 'x' && !text.empty() && digit(text.front(), 16) >= 0) return number(text, 16, 2);
  if (c == 'c' && !text.empty()) {
    const char control = static_cast<char>(text.front() & 0x1f);
    text.remove_prefix(1);
    return control;
  }
  const auto letter = letters.find(c);
  return letter == std::string_view::npos ? c : meanings[letter];
}

}  // namespace

std::string_view without_comment(std::string_view line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\') {
      ++i;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#' || c == '!') {
      return line.substr(0, i);
    }
  }
  return line;
}

Words split_words(std::string_view line) {
  Words result;
  while (true) {
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    if (line.empty()) return result;
    std::string word;
    bool bare = true;
    char quote = 0;
    while (!line.empty() && (quote != 0 || !is_blank(line.front()))) {
      const char c = line.front();
      line.remove_prefix(1);
      const bool opens = quote == 0 && (c == '"' || c == '\'');
      if (c == '\\') {
        word += unescaped(line);
      } else if (opens || c == quote) {
        quote = opens ? c : '\0';
      } else {
        word += c;
        continue;
      }
      bare = false;
    }
    result.quotes_closed = result.quotes_closed && quote == 0;
    result.words.push_back(std::move(word));
    result.bare.push_back(bare);
  }
}

}  // namespace ballast::config::keepalived
