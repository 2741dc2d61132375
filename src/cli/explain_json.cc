#include <string_view>

#include "capture/flow.h"
#include "cli/explain_command.h"
#include "explain/outcome.h"

namespace ballast::cli {
namespace {

using explain::Answer;
using explain::Candidate;
using explain::WaySource;

boost::json::object json_of(const director::Connection& connection) {
  return {{"state", director::state_name(connection)},
          {"client", connection.client.to_string()},
          {"virtual", connection.virtual_address.to_string()},
          {"server", connection.server.to_string()},
          {"expires_seconds", connection.expires_milliseconds / 1000}};
}

boost::json::object json_of(const explain::Template& each) {
  auto json = json_of(each.entry);
  json["connections"] = each.held;
  return json;
}

boost::json::array json_of(const std::vector<Candidate>& candidates) {
  boost::json::array json;
  for (const auto& each : candidates) {
    json.push_back({{"server", each.server.endpoint.to_string()},
                    {"weight", each.server.weight},
                    {"active", each.active},
                    {"inactive", each.inactive},
                    {"overloaded", each.overloaded},
                    {"takes_connections", each.takes_connections()},
                    {"chosen", each.chosen}});
  }
  return json;
}

boost::json::object json_of(const explain::Way& way) {
  if (way.source == WaySource::machine) return {{"source", "machine"}};
  return {{"source", way.source == WaySource::daemon ? "daemon"
                     : way.source == WaySource::last ? "last"
                                                     : "kernel"},
          {"interface", way.interface},
          {"gateway", way.gateway.to_string()},
          {"mac", way.mac ? boost::json::value(net::to_string(*way.mac)) : nullptr}};
}

template <typename T>
boost::json::value json_of(const std::optional<T>& value) {
  if (!value) return nullptr;
  return json_of(*value);
}

boost::json::array json_of(const std::vector<std::string>& texts) {
  return boost::json::array(texts.begin(), texts.end());
}

}  // namespace

boost::json::object explain_json(const Answer& answer) {
  boost::json::array hooks, counters;
  for (const auto& run : answer.runs)
    hooks.push_back(boost::json::string(capture::hook_word(static_cast<abi::capture_hook>(run.record.hook))));
  for (const auto counter : capture::counters_raised(answer.counters()))
    counters.push_back(boost::json::string(counter));
  const auto reason = explain::reason_of(answer);
  const std::string words = explain::answer_words(answer);
  return {{"packet", capture::describe(answer.frame)},
          {"length", answer.frame.size() - 14},
          {"interface", answer.interface},
          {"hooks", hooks},
          {"service", answer.service ? boost::json::value(cluster::to_string(answer.service->key)) : nullptr},
          {"scheduler", answer.service ? boost::json::value(answer.service->scheduler) : nullptr},
          {"scheduled", answer.scheduled},
          {"reply", answer.from_server},
          {"connection", json_of(answer.connection)},
          {"opened", json_of(answer.opened)},
          {"after", json_of(answer.after)},
          {"template", json_of(answer.known_template)},
          {"template_after", json_of(answer.template_after)},
          {"candidates", json_of(answer.candidates)},
          {"rewrite", json_of(explain::rewrites_of(answer))},
          {"answer", words.empty() ? nullptr : boost::json::value(words)},
          {"next_hop", json_of(answer.way)},
          {"verdict", explain::verdict_words(answer)},
          {"reason", reason ? boost::json::value(reason->why) : nullptr},
          {"remedy", reason && !reason->remedy.empty() ? boost::json::value(reason->remedy) : nullptr},
          {"counters", counters}};
}

}  // namespace ballast::cli
