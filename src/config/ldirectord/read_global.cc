#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "config/ldirectord/keywords.h"

namespace ballast::config::ldirectord {
namespace {

void read_maintenance_directory(Globals& globals, const Setting& setting, Context& context) {
  const auto text = quoted_text_of(setting, context, false);
  if (!text) return;
  globals.maintenance_directory = *text;
  std::error_code wrong;
  if (!std::filesystem::is_directory(*text, wrong)) {
    context.report.warning(setting.at, fmt::format("maintenancedir {} is no directory now", config::quoted(*text)));
  }
}

void read_supervised(Globals&, const Setting& setting, Context& context) {
  const bool bare = !setting.value;
  if (bare || yes_or_no(setting, context).value_or(true)) return;
  context.report.warning(setting.at,
                         "supervised=no is not acted on: 'ballast run' stays in the foreground and logs to stderr");
}

constexpr std::array<Keyword<Globals>, 9> keywords = {{
    {"autoreload",
     [](Globals& g, const Setting& s, Context& x) { g.autoreload = yes_or_no(s, x).value_or(g.autoreload); }},
    {"callback",
     [](Globals& g, const Setting& s, Context& x) { g.callback = quoted_text_of(s, x, true).value_or(g.callback); }},
    {"emailalertfrom",
     [](Globals& g, const Setting& s, Context& x) { g.mail_from = quoted_text_of(s, x, false).value_or(g.mail_from); }},
    {"execute",
     [](Globals&, const Setting& s, Context& x) {
       const auto text = text_of(s, x);
       if (!text) return;
       x.report.warning(s.at, fmt::format("execute is not acted on: give the file of {} too, with a further "
                                          "--ldirectord",
                                          config::quoted(*text)));
     }},
    {"fork", [](Globals& g, const Setting& s, Context& x) { g.fork = yes_or_no(s, x).value_or(g.fork); }},
    {"logfile",
     [](Globals&, const Setting& s, Context& x) {
       if (!quoted_text_of(s, x, true)) return;
       x.report.warning(s.at, "logfile is not acted on: the log goes to stderr, and with systemd to the journal");
     }},
    {"maintenancedir", read_maintenance_directory},
    {"readdquiescent",
     [](Globals&, const Setting& s, Context& x) {
       if (yes_or_no(s, x).value_or(true)) return;
       x.report.warning(s.at,
                        "readdquiescent=no is not acted on: with quiescent=yes a server that is down is always in "
                        "the table, with weight 0");
     }},
    {"supervised", read_supervised},
}};

}  // namespace

void read_global(Globals& globals, const Setting& setting, Context& context) {
  if (is_of_virtual(setting.keyword)) {
    return context.report.error(
        setting.at, fmt::format("{} is a setting of a virtual service: write it below the service's 'virtual=' line, "
                                "indented by at least four blanks",
                                config::quoted(setting.keyword)));
  }
  read_by_tables<Globals>(keywords, globals, setting, "of an ldirectord.cf", context);
}

}  // namespace ballast::config::ldirectord
