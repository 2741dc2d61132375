// vrrp_script, track_file and vrrp_track_process: what virtual routers look at.
#include <array>

#include "config/keepalived/document.h"
#include "config/keepalived/keywords.h"

namespace ballast::config::keepalived {
namespace {

using cluster::TrackFile;
using cluster::TrackProcess;
using cluster::TrackScript;

constexpr std::int64_t most_weight = 253;
constexpr std::int64_t most_process_weight = 254;
constexpr std::int64_t most_file_weight = 2147483647;
constexpr std::int64_t most_count = 2147483647;

/// Takes over a weight with its direction.
template <typename T>
void set_weight(T& target, const Node& node, Context& context, std::int64_t limit) {
  const auto weight = weight_of(node, context, limit);
  if (!weight) return;
  target.weight = weight->weight.value_or(target.weight);
  target.reverse = weight->reverse;
}

std::uint32_t count_of(const Node& node, Context& context, std::uint32_t otherwise) {
  return static_cast<std::uint32_t>(number_of(node, context, 1, most_count).value_or(otherwise));
}

constexpr auto script_keywords = std::to_array<Keyword<TrackScript>>({
    {"script",
     [](TrackScript& t, const Node& node, Context& x) {
       const auto script = script_of(node, x);
       if (!script) return;
       t.command = script->command;
       if (!script->user.empty()) t.user = script->user;
     }},
    {"interval",
     [](TrackScript& t, const Node& node, Context& x) { t.interval = milliseconds_of(node, x).value_or(t.interval); }},
    {"timeout",
     [](TrackScript& t, const Node& node, Context& x) { t.timeout = milliseconds_of(node, x).value_or(t.timeout); }},
    {"weight", [](TrackScript& t, const Node& node, Context& x) { set_weight(t, node, x, most_weight); }},
    {"rise", [](TrackScript& t, const Node& node, Context& x) { t.rise = count_of(node, x, t.rise); }},
    {"fall", [](TrackScript& t, const Node& node, Context& x) { t.fall = count_of(node, x, t.fall); }},
    {"user", [](TrackScript& t, const Node& node, Context&) { t.user = user_of(node, 1); }},
    {"init_fail", [](TrackScript& t, const Node&, Context&) { t.initially_failed = true; }},
});

/// init_file [VALUE] [overwrite]
void read_initial(TrackFile& file, const Node& node, Context& context) {
  file.initial = 0;
  for (std::size_t i = 1; i < node.size(); ++i) {
    if (node.word(i) == "overwrite") {
      file.overwrite = true;
    } else if (const auto value = number_of(node, context, -most_file_weight, most_file_weight, i)) {
      file.initial = static_cast<std::int32_t>(*value);
    }
  }
}

constexpr auto file_keywords = std::to_array<Keyword<TrackFile>>({
    {"file", [](TrackFile& t, const Node& node, Context& x) { t.path = text_of(node, x).value_or(""); }},
    {"weight", [](TrackFile& t, const Node& node, Context& x) { set_weight(t, node, x, most_file_weight); }},
    {"init_file", read_initial},
});

void read_match(TrackProcess& process, const Node& node, Context& context) {
  const auto how = text_of(node, context);
  if (!how) return;
  if (*how != "initial" && *how != "partial") {
    return context.report.error(node.at, fmt::format("param_match is initial or partial, not {}", quoted(*how)));
  }
  process.arguments_may_go_on = true;
}

constexpr auto process_keywords = std::to_array<Keyword<TrackProcess>>({
    {"process",
     [](TrackProcess& t, const Node& node, Context& x) {
       const auto name = text_of(node, x);
       if (!name) return;
       t.process = *name;
       t.arguments.assign(node.words().begin() + 2, node.words().end());
     }},
    {"param_match", read_match},
    {"weight", [](TrackProcess& t, const Node& node, Context& x) { set_weight(t, node, x, most_process_weight); }},
    {"quorum", [](TrackProcess& t, const Node& node, Context& x) { t.least = count_of(node, x, t.least); }},
    {"quorum_max",
     [](TrackProcess& t, const Node& node, Context& x) {
       const auto most = number_of(node, x, 0, most_count);
       if (most == 0) {
         return x.report.error(node.at, "quorum_max 0 is not acted on; write quorum 1 and reverse the weight instead");
       }
       t.most = static_cast<std::uint32_t>(most.value_or(t.most));
     }},
    {"fork_delay",
     [](TrackProcess& t, const Node& node, Context& x) { t.up_delay = milliseconds_of(node, x).value_or(t.up_delay); }},
    {"terminate_delay", [](TrackProcess& t, const Node& node,
                           Context& x) { t.down_delay = milliseconds_of(node, x).value_or(t.down_delay); }},
    {"delay", [](TrackProcess& t, const Node& node,
                 Context& x) { t.up_delay = t.down_delay = milliseconds_of(node, x).value_or(t.up_delay); }},
    {"full_command", [](TrackProcess& t, const Node&, Context&) { t.whole_command = true; }},
});

/// Reads a block that defines a thing of a kind by name.
template <typename T>
std::optional<T> read_named(Document& document, const Node& block, std::span<const Keyword<T>> keywords, T thing,
                            std::string_view kind, Context& context) {
  const auto name = defined_name(document, kind, block, context);
  if (!name) return std::nullopt;
  thing.name = *name;
  read_block<T>(keywords, {}, thing, block, fmt::format("of {}", block.keyword()), context);
  return thing;
}

}  // namespace

void read_script(Document& document, const Node& block, Context& context) {
  TrackScript fresh;
  fresh.user = document.globals.script_user;
  auto script = read_named<TrackScript>(document, block, script_keywords, fresh, "script", context);
  if (!script) return;
  if (script->command.empty()) {
    // As keepalived: it goes on without the script, and those that track it do without.
    document.names.erase("script " + script->name);
    return context.report.warning(block.at,
                                  fmt::format("vrrp_script {} has no script and is left out", quoted(script->name)));
  }
  document.vrrp.scripts.push_back(std::move(*script));
}

void read_track_file(Document& document, const Node& block, Context& context) {
  auto file = read_named<TrackFile>(document, block, file_keywords, TrackFile{}, "file", context);
  if (!file) return;
  if (file->path.empty()) {
    return context.report.error(block.at, fmt::format("track_file {} has no file", quoted(file->name)));
  }
  document.vrrp.files.push_back(std::move(*file));
}

void read_track_process(Document& document, const Node& block, Context& context) {
  TrackProcess fresh;
  fresh.weight = 1;
  auto process = read_named<TrackProcess>(document, block, process_keywords, fresh, "process", context);
  if (!process) return;
  if (process->process.empty()) {
    return context.report.error(block.at, fmt::format("vrrp_track_process {} has no process", quoted(process->name)));
  }
  document.vrrp.processes.push_back(std::move(*process));
}

}  // namespace ballast::config::keepalived
