#include "config/keepalived/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "config/byte_order_mark.h"
#include "config/keepalived/parameters.h"
#include "config/keepalived/words.h"

namespace ballast::config::keepalived {
namespace {

constexpr std::size_t most_lines = 1'000'000;
constexpr std::size_t most_files = 1000;
constexpr std::size_t most_replaced_bytes = std::size_t{1} << 30;
constexpr std::size_t longest_line = std::size_t{1} << 18;
constexpr std::size_t most_in_line = 10'000;
constexpr int most_levels = 32;
constexpr std::string_view blanks = " \t\r\v\f";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

/// What makes an include an error: include_check and the letters behind "include".
struct IncludeCheck {
  bool readable = false;  ///< a file cannot be read
  bool match = false;     ///< a name without wildcards is no file
  bool wildcard = false;  ///< a name with wildcards is no file
};

class Expander {
 public:
  Expander(const Names& names, const Files& files, Report& report) : files_(files), report_(report) {
    config_id_ = names.config_id.empty() ? names.machine.substr(0, names.machine.find('.')) : names.config_id;
    parameters_.set("_INSTANCE", config_id_);
  }

  void file(std::string_view text, const std::string& name, int level) {
    result_.files.push_back(name);
    const auto before = std::exchange(file_, std::make_shared<const std::string>(name));
    const IncludeCheck check = check_;
    parameters_.set("_PWD", directory_of(name));
    level_ = level;
    lines(without_byte_order_mark(text));
    level_ = level - 1;
    check_ = check;
    file_ = before;
    if (file_) parameters_.set("_PWD", directory_of(*file_));
  }

  Lines take() { return std::move(result_); }

 private:
  [[nodiscard]] bool stopped() const { return stopped_; }

  void stop(const Place& at, std::string message) {
    if (!stopped_) report_.error(at, std::move(message));
    stopped_ = true;
  }

  void lines(std::string_view text) {
    for (int number = 1; !text.empty() && !stopped(); ++number) {
      const int first = number;
      std::string whole = take_line(text);
      // A definition goes on as long as lines end with a backslash.
      if (is_definition(whole)) {
        while (trimmed(whole).ends_with('\\') && !text.empty()) {
          whole = std::string(trimmed(whole));
          whole.back() = '\n';
          whole += take_line(text);
          ++number;
        }
      }
      in_line_ = 0;
      line(whole, {file_, first}, 0);
    }
  }

  /// A definition, with or without a condition before it.
  static bool is_definition(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with('@')) text = trimmed(text.substr(std::min(text.find_first_of(blanks), text.size())));
    return parse_definition(text).has_value();
  }

  static std::string take_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  }

  void line(std::string_view text, const Place& at, int depth) {
    if (stopped()) return;
    if (depth > most_levels) return stop(at, "parameters stand for each other without end");
    text = trimmed(text);
    if (const auto definition = parse_definition(text)) {
      parameters_.set(definition->name, std::string(trimmed_value(definition->value)));
      return;
    }
    const std::string content(trimmed(without_comment(text)));
    if (content.empty()) return;
    if (include(content, at)) return;
    if (content.front() == '@') return condition(content, at, depth);
    if (begins_repetition(content)) return repeat(content, at, depth);
    replace(content, at, depth);
  }

  /// A value of one line has no comment; one of several lines keeps them for when it is used.
  static std::string_view trimmed_value(std::string_view value) {
    return value.find('\n') == std::string_view::npos ? trimmed(without_comment(value)) : value;
  }

  void condition(std::string_view text, const Place& at, int depth) {
    const bool negative = text.starts_with("@^");
    text.remove_prefix(negative ? 2 : 1);
    const std::string_view id = text.substr(0, text.find_first_of(blanks));
    if (id.empty()) return report_.error(at, "'@' wants a config-id behind it: @ID or @^ID");
    if ((id == config_id_) != negative) line(text.substr(id.size()), at, depth + 1);
  }

  void repeat(const std::string& text, const Place& at, int depth) {
    const auto close = text.find(')');
    std::string block = text.substr(0, close);
    std::size_t behind = 0;
    while (const auto replaced = replace_once(block, behind, at)) block = *replaced;
    const auto repetition = parse_repetition(block + (close == std::string::npos ? "" : text.substr(close)));
    if (!repetition) return report_.error(at, repetition.error().message);
    for (const auto& values : repetition->values) {
      for (std::size_t i = 0; i < values.size(); ++i) parameters_.set(repetition->names[i], values[i]);
      line(repetition->rest, at, depth + 1);
    }
    for (const auto& name : repetition->names) parameters_.unset(name);
  }

  /// Replaces parameters one by one: what they stand for may be several lines, a condition or a repetition.
  void replace(std::string content, const Place& at, int depth) {
    std::size_t behind = 0;
    while (const auto replaced = replace_once(content, behind, at)) {
      content = *replaced;
      const bool begins_anew = behind == 0 && (content.starts_with('@') || content.starts_with('~'));
      if (content.find('\n') == std::string::npos && !begins_anew) continue;
      std::string_view rest = content;
      while (!rest.empty() && !stopped()) line(take_line(rest), at, depth + 1);
      return;
    }
    emit(content, at);
  }

  std::optional<std::string> replace_once(const std::string& text, std::size_t& behind, const Place& at) {
    if (stopped()) return std::nullopt;
    auto replaced = parameters_.replace_first(text, behind);
    if (!replaced) return std::nullopt;
    replaced_bytes_ += replaced->size();
    if (replaced_bytes_ > most_replaced_bytes || replaced->size() > longest_line || ++in_line_ > most_in_line) {
      stop(at, "parameters stand for each other without end, or for too much");
      return std::nullopt;
    }
    return replaced;
  }

  void emit(std::string_view content, const Place& at) {
    in_line_ = 0;
    Words words = split_words(content);
    if (!words.quotes_closed) report_.error(at, "a quoted string has no end");
    if (result_.lines.size() >= most_lines) return stop(at, fmt::format("more than {} lines", most_lines));
    std::vector<std::string> part;
    const auto flush = [&] {
      if (!part.empty()) result_.lines.push_back({std::move(part), at});
      part.clear();
    };
    for (std::size_t i = 0; i < words.words.size(); ++i) {
      std::string& word = words.words[i];
      const bool brace = words.bare[i] && (word == "{" || word == "}");
      if (brace) {
        flush();
        result_.lines.push_back({{word}, at});
      } else if (words.bare[i] && word.ends_with('{') && i + 1 == words.words.size()) {
        word.pop_back();
        part.push_back(word);
        flush();
        result_.lines.push_back({{"{"}, at});
      } else {
        part.push_back(std::move(word));
      }
    }
    flush();
    if (!result_.lines.empty()) note_settings(result_.lines.back().words);
  }

  /// What changes how the text itself is read.
  void note_settings(const std::vector<std::string>& words) {
    if (words.front() == "include_check") {
      check_ = words.size() == 1 ? IncludeCheck{true, true, true} : check_;
      for (std::size_t i = 1; i < words.size(); ++i) change_check(words[i]);
    }
    if (words.front() == "random_seed" && words.size() > 1) {
      parameters_.seed(static_cast<std::uint32_t>(std::hash<std::string>{}(words[1])));
    }
  }

  void change_check(std::string_view word) {
    const bool on = !word.starts_with('-');
    if (word.starts_with('-') || word.starts_with('+')) word.remove_prefix(1);
    if (word == "readable" || on) check_.readable = on;
    if (word == "match") check_.match = on;
    if (word == "wildcard_match" || word == "brace_match") check_.wildcard = on;
  }

  /// Carries out "include FILE" and its variants. False where the line is none.
  bool include(const std::string& content, const Place& at) {
    constexpr std::array<std::string_view, 6> keywords = {"include",  "includer", "includem",
                                                          "includew", "includeb", "includea"};
    const std::string_view keyword = std::string_view(content).substr(0, content.find_first_of(blanks));
    if (std::ranges::find(keywords, keyword) == keywords.end()) return false;
    const Words words = split_words(content);
    if (words.words.size() != 2) {
      report_.error(at, fmt::format("{} wants one file name", keyword));
      return true;
    }
    IncludeCheck check = check_;
    const char letter = keyword.back();
    check.readable = check.readable || letter != 'e';
    check.match = check.match || letter == 'm' || letter == 'a';
    check.wildcard = check.wildcard || letter == 'w' || letter == 'b' || letter == 'a';
    include_files(words.words[1], check, at);
    return true;
  }

  void include_files(const std::string& name, const IncludeCheck& check, const Place& at) {
    const std::string pattern = name.starts_with('/') ? name : directory_of(*file_) + "/" + name;
    const bool wildcards = name.find_first_of("*?[{") != std::string::npos;
    const auto paths = files_.match(pattern);
    if (paths.empty()) complain(wildcards ? check.wildcard : check.match, at, fmt::format("no file {}", quoted(name)));
    for (const std::string& path : paths) {
      if (stopped()) return;
      if (level_ >= most_levels || result_.files.size() >= most_files) {
        return stop(at, fmt::format("{} is included more than {} files deep, or there are more than {} files",
                                    quoted(path), most_levels, most_files));
      }
      const auto text = files_.read(path);
      if (text) {
        file(*text, path, level_ + 1);
      } else {
        complain(check.readable, at, text.error().message);
      }
    }
  }

  void complain(bool error, const Place& at, const std::string& message) {
    if (error) return report_.error(at, message);
    report_.warning(at, fmt::format("{}: nothing is included", message));
  }

  const Files& files_;
  Report& report_;
  Parameters parameters_;
  std::string config_id_;
  std::shared_ptr<const std::string> file_;
  IncludeCheck check_;
  Lines result_;
  std::size_t replaced_bytes_ = 0;
  std::size_t in_line_ = 0;
  int level_ = 0;
  bool stopped_ = false;
};

}  // namespace

Lines expand(std::string_view text, const std::string& file_name, const Names& names, const Files& files,
             Report& report) {
  Expander expander(names, files, report);
  expander.file(text, file_name, 1);
  return expander.take();
}

}  // namespace ballast::config::keepalived
