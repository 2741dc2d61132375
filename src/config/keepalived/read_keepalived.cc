#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>

#include "config/keepalived/document.h"
#include "config/keepalived/keepalived.h"
#include "config/keepalived/keywords.h"

namespace ballast::config {
namespace keepalived {
namespace {

/// A block outside of all others. Those of a lower stage are read first, wherever they stand: others refer to them.
struct Section {
  std::string_view keyword;
  int stage;
  void (*read)(Document& document, const Node& block, Context& context);
};

constexpr int last_stage = 2;
constexpr auto sections = std::to_array<Section>({
    {"global_defs", 0, [](Document& d, const Node& block, Context& x) { read_globals(d.globals, block, x); }},
    {"SSL", 1, read_tls},
    {"vrrp_script", 1, read_script},
    {"track_file", 1, read_track_file},
    {"vrrp_track_file", 1, read_track_file},
    {"vrrp_track_process", 1, read_track_process},
    {"virtual_server_group", 1, read_server_group},
    {"static_ipaddress", 2, read_static_addresses},
    {"static_routes", 2, read_static_routes},
    {"static_rules", 2, read_static_rules},
    {"vrrp_instance", 2, read_instance},
    {"vrrp_sync_group", 2, read_sync_group},
    {"virtual_server", 2, read_virtual_server},
});

void read_section(Document& document, const Node& node, int stage, Context& context) {
  const auto section = std::ranges::find(sections, node.keyword(), &Section::keyword);
  if (section != sections.end()) {
    if (section->stage == stage) section->read(document, node, context);
    return;
  }
  if (stage != 0 || read_root_setting(node, context)) return;
  std::vector<std::string_view> known;
  for (const Section& one : sections) known.push_back(one.keyword);
  context.report.unknown_keyword(node.at, node.keyword(), "of a keepalived.conf", known);
}

bool wants_mail(const cluster::VrrpSettings& vrrp) {
  const auto wants = [](const auto& one) { return one.notify.mail; };
  return std::ranges::any_of(vrrp.instances, wants) || std::ranges::any_of(vrrp.groups, wants);
}

Reading read(std::string_view text, const std::string& file_name, const Names& names, const Files& files,
             Report& report) {
  Context context{report, names};
  Lines lines = expand(text, file_name, names, files, report);
  const std::vector<Node> tree = build_tree(std::move(lines.lines), report);
  Document document(report);
  for (int stage = 0; stage <= last_stage; ++stage) {
    for (const Node& node : tree) {
      if (report.full()) break;
      read_section(document, node, stage, context);
    }
  }
  check_references(document, context);
  warn_of_unread(tree, report);
  Reading reading;
  reading.cluster.services = document.services.take_services();
  reading.service_places = document.services.take_places();
  reading.cluster.director.timeouts = document.globals.timeouts;
  if (document.globals.sync) reading.cluster.sync.kernel = {*document.globals.sync};
  reading.cluster.vrrp = std::move(document.vrrp);
  const auto& mail = document.globals.mail;
  if (wants_mail(reading.cluster.vrrp) && !mail.to.empty()) reading.cluster.vrrp.alerts = {mail};
  reading.cluster.vrrp.notify_fifo = document.globals.fifo;
  reading.cluster.vrrp.notify_fifo_command = document.globals.fifo_command;
  reading.files = std::move(lines.files);
  return reading;
}

}  // namespace
}  // namespace keepalived

std::expected<Reading, std::vector<Problem>> read_keepalived(std::string_view text, const std::string& file_name,
                                                             const Names& names, const Files& files) {
  try {
    Report report;
    Reading reading = keepalived::read(text, file_name, names, files, report);
    if (report.has_errors()) return std::unexpected(report.errors());
    reading.warnings = report.warnings();
    return reading;
  } catch (const std::exception& error) {
    const Problem problem{.file = file_name, .at = {}, .message = fmt::format("cannot be read: {}", error.what())};
    return std::unexpected(std::vector<Problem>{problem});
  }
}

}  // namespace ballast::config
