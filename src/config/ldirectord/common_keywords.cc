#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/ldirectord/keywords.h"

namespace ballast::config::ldirectord {
namespace {

constexpr std::uint32_t most_checks = 1000;

/// ldirectord's own states in which mail is sent. Starting, stopping and reloading change nothing here that is told of.
void read_states(Common& common, const Setting& setting, Context& context) {
  constexpr std::array<std::string_view, 6> words = {"starting", "running", "stopping", "reloading", "all", "none"};
  const auto text = text_of(setting, context);
  if (!text) return;
  std::vector<std::string> states;
  for (const std::string& state : list_of(*text)) {
    const auto word = word_of({setting.keyword, state, setting.at}, context, words);
    if (word) states.push_back(*word);
  }
  const auto has = [&](std::string_view word) { return std::ranges::find(states, word) != states.end(); };
  if (has("none") && states.size() > 1) {
    context.report.error(setting.at, fmt::format("{} has 'none' beside other states", setting.keyword));
  }
  common.mail_while_running = has("running") || has("all");
  if (!*common.mail_while_running && !has("none")) {
    context.report.warning(setting.at, "no mail is sent: only what happens while it is 'running' is told of");
  }
}

void read_frequency(Common& common, const Setting& setting, Context& context) {
  constexpr std::uint32_t most = 31 * 86400;
  if (const auto number = number_of(setting, context, 0, most)) common.mail_repeat = std::chrono::seconds(*number);
}

void deprecated(Common&, const Setting& setting, Context& context) {
  context.report.error(
      setting.at, fmt::format("{} is gone from ldirectord; write checktimeout and negotiatetimeout", setting.keyword));
}

constexpr std::array<Keyword<Common>, 16> keywords = {{
    {"checktimeout", [](Common& c, const Setting& s, Context& x) { c.check_timeout = seconds_of(s, x); }},
    {"negotiatetimeout", [](Common& c, const Setting& s, Context& x) { c.negotiate_timeout = seconds_of(s, x); }},
    {"checkinterval", [](Common& c, const Setting& s, Context& x) { c.check_interval = seconds_of(s, x); }},
    {"checkcount", [](Common& c, const Setting& s, Context& x) { c.check_count = number_of(s, x, 1, most_checks); }},
    {"failurecount",
     [](Common& c, const Setting& s, Context& x) { c.failure_count = number_of(s, x, 1, most_checks); }},
    {"quiescent", [](Common& c, const Setting& s, Context& x) { c.quiescent = yes_or_no(s, x); }},
    {"fallback", [](Common& c, const Setting& s, Context& x) { c.fallback = read_fallback(s, x); }},
    {"fallback6", [](Common& c, const Setting& s, Context& x) { c.fallback6 = read_fallback(s, x); }},
    {"fallbackcommand",
     [](Common& c, const Setting& s, Context& x) { c.fallback_command = quoted_text_of(s, x, false); }},
    {"emailalert",
     [](Common& c, const Setting& s, Context& x) {
       if (const auto text = text_of(s, x)) c.mail_to = list_of(*text);
     }},
    {"emailalertfreq", read_frequency},
    {"emailalertstatus", read_states},
    {"smtp", [](Common& c, const Setting& s, Context& x) { c.mail_server = text_of(s, x); }},
    {"cleanstop",
     [](Common&, const Setting& s, Context& x) {
       if (!yes_or_no(s, x).value_or(false)) return;
       x.report.warning(s.at,
                        "cleanstop=yes is not acted on: services go on when the daemon ends, as with cleanstop=no; "
                        "'ballast stop' takes them down");
     }},
    {"connecttimeout", deprecated},
    {"timeout", deprecated},
}};

}  // namespace

std::span<const Keyword<Common>> common_keywords() { return keywords; }

}  // namespace ballast::config::ldirectord
