#include "process/words.h"

#include <fmt/format.h>

namespace ballast::process {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<std::vector<std::string>> split() {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        end_word();
        ++at_;
      } else if (auto taken = take(); !taken) {
        return std::unexpected(taken.error());
      }
    }
    end_word();
    return std::move(words_);
  }

 private:
  /// What one quoting takes, or one character.
  Result<void> take() {
    in_word_ = true;
    switch (const char c = text_[at_++]) {
      case '\'':
        return take_single();
      case '"':
        return take_double();
      case '\\':
        if (at_ == text_.size()) return fail("ends with a backslash", EINVAL);
        word_ += text_[at_++];
        return {};
      default:
        word_ += c;
        return {};
    }
  }

  Result<void> take_single() {
    const auto end = text_.find('\'', at_);
    if (end == std::string_view::npos) return fail("has a ' that is not closed", EINVAL);
    word_ += text_.substr(at_, end - at_);
    at_ = end + 1;
    return {};
  }

  Result<void> take_double() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return {};
      if (c == '\\' && at_ < text_.size() && std::string_view("\"\\$`").find(text_[at_]) != std::string_view::npos) {
        word_ += text_[at_++];
      } else {
        word_ += c;
      }
    }
    return fail("has a \" that is not closed", EINVAL);
  }

  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_;
  bool in_word_ = false;
  std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view text) { return Splitter(text).split(); }

}  // namespace ballast::process
