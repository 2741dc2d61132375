#include "config/ldirectord/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/byte_order_mark.h"

namespace ballast::config::ldirectord {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";
constexpr std::size_t least_indentation = 4;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Blanks at the beginning of a line, a tab as four.
std::size_t indentation(std::string_view line) {
  std::size_t width = 0;
  for (const char c : line) {
    if (c != ' ' && c != '\t') break;
    width += c == '\t' ? least_indentation : 1;
  }
  return width;
}

Setting read_setting(std::string_view line, const Place& at) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return {std::string(trimmed(line)), std::nullopt, at};
  return {std::string(trimmed(line.substr(0, equals))), std::string(trimmed(line.substr(equals + 1))), at};
}

class Splitter {
 public:
  Splitter(const std::shared_ptr<const std::string>& file, Report& report) : file_(file), report_(report) {}

  void line(std::string_view text, int number) {
    const Place at{file_, number};
    const std::string_view content = trimmed(text);
    if (content.starts_with('#')) return;
    if (content.empty()) {
      in_block_ = false;
    } else if (in_block_ && indentation(text) >= least_indentation) {
      const std::string_view code = trimmed(text.substr(0, text.find('#')));
      if (!code.empty()) lines_.blocks.back().settings.push_back(read_setting(code, at));
    } else {
      top_line(text, content, at);
    }
  }

  Lines take() { return std::move(lines_); }

 private:
  void top_line(std::string_view text, std::string_view content, const Place& at) {
    in_block_ = false;
    if (indentation(text) > 0) {
      report_.error(at, fmt::format("{} is indented and belongs to no virtual service: the lines of one follow its "
                                    "'virtual=' line, no empty one between, with at least four blanks before each",
                                    quoted(content)));
      return;
    }
    Setting setting = read_setting(content, at);
    in_block_ = setting.keyword == "virtual" || setting.keyword == "virtual6";
    if (in_block_) {
      lines_.blocks.push_back({std::move(setting), {}});
    } else {
      lines_.globals.push_back(std::move(setting));
    }
  }

  const std::shared_ptr<const std::string>& file_;
  Report& report_;
  Lines lines_;
  bool in_block_ = false;
};

}  // namespace

Lines split(std::string_view text, const std::shared_ptr<const std::string>& file, Report& report) {
  Splitter splitter(file, report);
  text = without_byte_order_mark(text);
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    splitter.line(text.substr(0, end), number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return splitter.take();
}

}  // namespace ballast::config::ldirectord
