#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "capture/flow.h"
#include "cli/explain_command.h"
#include "cli/table.h"
#include "cli/words.h"
#include "explain/outcome.h"

namespace ballast::cli {
namespace {

using explain::Answer;
using explain::Candidate;
using explain::WaySource;

constexpr std::size_t label_width = 12;

std::string line(std::string_view label, std::string_view words) {
  return fmt::format("{:<{}}{}\n", label, label_width, words);
}

std::string hook_words(const Answer& answer) {
  const auto hook = [](const capture::Run& run) {
    return capture::hook_word(static_cast<abi::capture_hook>(run.record.hook));
  };
  std::string words = hook(answer.runs.front());
  for (std::size_t i = 1; i < answer.runs.size(); ++i) words += ", then " + hook(answer.runs[i]);
  return words;
}

std::string packet_words(const Answer& answer) {
  return fmt::format("{}, {} bytes, {} {} (hook {})", capture::describe(answer.frame), answer.frame.size() - 14,
                     answer.outgoing ? "out of" : "on", answer.interface, hook_words(answer));
}

std::string rest_words(const director::Connection& connection) {
  return expiry_words((connection.expires_milliseconds + 500) / 1000);
}

std::string state_words(const director::Connection& connection) {
  return fmt::format("{}, expires in {}", director::state_name(connection), rest_words(connection));
}

std::string connection_words(const Answer& answer) {
  const auto opened = [&] {
    return fmt::format("{}, server {}{}", state_words(*answer.opened), answer.opened->server.to_string(),
                       answer.service && answer.service->one_packet ? ", for this packet alone" : "");
  };
  if (!answer.connection) return answer.opened ? "none yet; would be opened: " + opened() : "none";
  const auto& known = *answer.connection;
  std::string words = fmt::format("{}, server {}{}", state_words(known), known.server.to_string(),
                                  answer.from_server ? ", this is a reply" : "");
  if (answer.opened) return words + "; would be replaced: " + opened();
  if (!answer.after) return words + "; would be removed";
  if (answer.after->state != known.state || answer.after->expires_milliseconds > known.expires_milliseconds + 1000) {
    words += "; then " + state_words(*answer.after);
  }
  return words;
}

std::string scheduler_words(const Answer& answer) {
  const auto taking = std::ranges::count_if(answer.candidates, &Candidate::takes_connections);
  const std::string of = fmt::format("taking connections: {} of {}", taking, answer.candidates.size());
  if (!answer.scheduled) return fmt::format("not asked, the template decides ({})", of);
  const auto chosen = std::ranges::find(answer.candidates, true, &Candidate::chosen);
  const std::string& name = answer.service->scheduler;
  return chosen == answer.candidates.end()
             ? fmt::format("{} chose none ({})", name, of)
             : fmt::format("{} chose {} ({})", name, chosen->server.endpoint.to_string(), of);
}

std::string_view standing(const Candidate& candidate) {
  if (candidate.chosen) return "chosen";
  if (candidate.server.weight == 0) return "quiescent";
  return candidate.overloaded ? "overloaded" : "";
}

std::string candidates_text(const Answer& answer) {
  Table table({{.title = "RemoteAddress:Port"},
               {.title = "Forward"},
               {.title = "Weight", .align = Align::right},
               {.title = "ActiveConn", .align = Align::right},
               {.title = "InActConn", .align = Align::right},
               {.title = ""}});
  for (const auto& each : answer.candidates) {
    table.add({each.server.endpoint.to_string(), forward_word(each.server.forward), std::to_string(each.server.weight),
               std::to_string(each.active), std::to_string(each.inactive), std::string(standing(each))});
  }
  std::string text, rows = table.text();
  for (std::size_t at = 0, end = 0; (end = rows.find('\n', at)) != std::string::npos; at = end + 1) {
    text += line("", rows.substr(at, end - at));
  }
  return text;
}

std::string template_words(const Answer& answer) {
  const auto words = [](const explain::Template& each) {
    return fmt::format("client {}, server {}, holds {}, expires in {}", each.entry.client.address.to_string(),
                       each.entry.server.address.to_string(), counted(each.held, "connection"), rest_words(each.entry));
  };
  if (answer.known_template) return words(*answer.known_template);
  return "none yet; would be entered: " + words(*answer.template_after);
}

std::string way_words(const explain::Way& way) {
  if (way.source == WaySource::machine) return "this machine";
  const std::string_view source = way.source == WaySource::daemon ? "kept by the daemon"
                                  : way.source == WaySource::last ? "last known, no daemon keeps it"
                                                                  : "by the kernel's routing table";
  return fmt::format("{}, gateway {}, {} ({})", way.interface, way.gateway.to_string(),
                     way.mac ? "MAC " + net::to_string(*way.mac) : "not resolved", source);
}

}  // namespace

std::string explain_text(const Answer& answer) {
  std::string text = line("packet", packet_words(answer));
  text += line("service", answer.service ? fmt::format("{} {}", cluster::to_string(answer.service->key),
                                                       cli::scheduler_words(*answer.service))
                                         : "none");
  text += line("connection", connection_words(answer));
  if (answer.known_template || answer.template_after) text += line("template", template_words(answer));
  if (!answer.candidates.empty() || answer.scheduled) {
    text += line("scheduler", scheduler_words(answer));
    text += candidates_text(answer);
  }
  if (const auto words = explain::answer_words(answer); !words.empty()) text += line("answer", words);
  if (const auto rewrites = explain::rewrites_of(answer); !rewrites.empty()) {
    text += line("rewrite", fmt::format("{}", fmt::join(rewrites, ", ")));
  }
  if (answer.way) text += line("next hop", way_words(*answer.way));
  text += line("verdict", explain::verdict_words(answer));
  if (const auto reason = explain::reason_of(answer)) {
    text += line("why", reason->why);
    if (!reason->remedy.empty()) text += line("what to do", reason->remedy);
  }
  const auto counters = capture::counters_raised(answer.counters());
  return text + line("counters", counters.empty() ? "none" : fmt::format("{}", fmt::join(counters, ", ")));
}

}  // namespace ballast::cli
