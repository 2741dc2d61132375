#include "health/checks/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>

namespace ballast::health {
namespace {

/// Steps of backtracking: some ten milliseconds. All checks share one thread.
constexpr std::uint32_t most_steps = 500'000;

struct Option {
  std::string_view name;
  std::uint32_t bit;
};
constexpr std::array options_known{
    Option{"allow_empty_class", PCRE2_ALLOW_EMPTY_CLASS},
    Option{"alt_bsux", PCRE2_ALT_BSUX},
    Option{"alt_circumflex", PCRE2_ALT_CIRCUMFLEX},
    Option{"alt_verbnames", PCRE2_ALT_VERBNAMES},
    Option{"auto_callout", PCRE2_AUTO_CALLOUT},
    Option{"caseless", PCRE2_CASELESS},
    Option{"dollar_endonly", PCRE2_DOLLAR_ENDONLY},
    Option{"dotall", PCRE2_DOTALL},
    Option{"dupnames", PCRE2_DUPNAMES},
    Option{"extended", PCRE2_EXTENDED},
    Option{"firstline", PCRE2_FIRSTLINE},
    Option{"match_unset_backref", PCRE2_MATCH_UNSET_BACKREF},
    Option{"multiline", PCRE2_MULTILINE},
    Option{"never_backslash_c", PCRE2_NEVER_BACKSLASH_C},
    Option{"never_ucp", PCRE2_NEVER_UCP},
    Option{"never_utf", PCRE2_NEVER_UTF},
    Option{"no_auto_capture", PCRE2_NO_AUTO_CAPTURE},
    Option{"no_auto_possess", PCRE2_NO_AUTO_POSSESS},
    Option{"no_dotstar_anchor", PCRE2_NO_DOTSTAR_ANCHOR},
    Option{"no_start_optimize", PCRE2_NO_START_OPTIMIZE},
    Option{"ucp", PCRE2_UCP},
    Option{"ungreedy", PCRE2_UNGREEDY},
    Option{"use_offset_limit", PCRE2_USE_OFFSET_LIMIT},
    Option{"utf", PCRE2_UTF},
};

Result<std::uint32_t> bits_of(std::string_view names) {
  std::uint32_t bits = PCRE2_USE_OFFSET_LIMIT;
  while (true) {
    const auto begin = names.find_first_not_of(" \t");
    if (begin == names.npos) return bits;
    names.remove_prefix(begin);
    const auto name = names.substr(0, names.find_first_of(" \t"));
    names.remove_prefix(name.size());
    const auto* const known = std::find_if(options_known.begin(), options_known.end(),
                                           [name](const Option& option) { return option.name == name; });
    if (known == options_known.end()) return fail(fmt::format("unknown option '{}' of a regular expression", name));
    bits |= known->bit;
  }
}

std::string message_of(int code) {
  std::array<unsigned char, 160> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

using MatchData = std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)>;
using MatchContext = std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)>;

}  // namespace

void Pattern::Free::operator()(pcre2_real_code_8* code) const { pcre2_code_free(code); }

Result<Pattern> Pattern::compile(const std::string& expression, std::string_view options) {
  const auto bits = bits_of(options);
  if (!bits) return std::unexpected(bits.error());
  int wrong = 0;
  PCRE2_SIZE where = 0;
  auto* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(), *bits, &wrong, &where, nullptr);
  if (code == nullptr) {
    return fail(fmt::format("/{}/ is not a regular expression: {} (at character {})", expression, message_of(wrong),
                            where + 1));
  }
  return Pattern(expression, code);
}

Result<bool> Pattern::matches(std::string_view text, Window window) const {
  if (window.from > text.size()) return false;
  const MatchData data(pcre2_match_data_create_from_pattern(code_.get(), nullptr), pcre2_match_data_free);
  const MatchContext context(pcre2_match_context_create(nullptr), pcre2_match_context_free);
  pcre2_set_match_limit(context.get(), most_steps);
  if (window.to != 0) pcre2_set_offset_limit(context.get(), window.to);
  const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), window.from, 0,
                                data.get(), context.get());
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  return fail(fmt::format("{} could not be searched for: {}", to_string(), message_of(found)));
}

}  // namespace ballast::health
