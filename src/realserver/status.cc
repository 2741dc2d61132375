#include "realserver/status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ballast::realserver {
namespace {

bool on_lo(const Observed& observed, const net::Address& vip) {
  const auto* lo = find_loopback(observed);
  return lo != nullptr &&
         std::ranges::any_of(lo->addresses, [&](const net::Prefix& prefix) { return prefix.address == vip; });
}

std::string vip_line(const Observed& observed, const net::Address& vip, const VipSettings& settings) {
  std::string line = fmt::format("VIP {}: {}", vip.to_string(), settings.unwrap ? "tunnel" : "route");
  if (settings.mss != 0) line += fmt::format(", MSS at most {}", settings.mss);
  line += on_lo(observed, vip) ? ", on lo" : ", MISSING on lo (run the set-up again)";
  return line;
}

void add_vips(const Observed& observed, std::vector<std::string>& lines) {
  auto vips = observed.settings.vips;
  for (const Step& step : observed.done) {
    const auto* change = std::get_if<ChangeAddress>(&step);
    if (change != nullptr && !change->address.address.is_loopback()) vips.try_emplace(change->address.address);
  }
  for (const auto& [vip, settings] : vips) lines.push_back(vip_line(observed, vip, settings));
}

void add_interfaces(const Observed& observed, std::vector<std::string>& lines) {
  for (const auto& interface : observed.interfaces) {
    const auto& name = interface.id.name;
    if (interface.ingress.program_id != 0 && !interface.ingress.foreign) {
      lines.push_back(fmt::format("interface {}: unwraps at ingress (program {}){}", name, interface.ingress.program_id,
                                  observed.programs_current ? "" : ", of another version (run the set-up again)"));
    }
    if (interface.egress.program_id != 0 && !interface.egress.foreign) {
      lines.push_back(
          fmt::format("interface {}: clamps the MSS at egress (program {})", name, interface.egress.program_id));
    }
  }
}

void add_settings(const Observed& observed, std::vector<std::string>& lines) {
  if (observed.settings.local.empty()) return;
  std::vector<std::string> ends;
  ends.reserve(observed.settings.local.size());
  for (const auto& address : observed.settings.local) ends.push_back(address.to_string());
  lines.push_back(fmt::format("tunnels end at: {}", fmt::join(ends, ", ")));
  lines.push_back(fmt::format("GUE port: {}", observed.settings.gue_port));
}

}  // namespace

std::vector<std::string> describe(const Observed& observed,
                                  const std::vector<std::pair<std::string, std::uint64_t>>& counters) {
  std::vector<std::string> lines;
  add_vips(observed, lines);
  add_interfaces(observed, lines);
  add_settings(observed, lines);
  for (const Step& step : observed.done) {
    if (const auto* sysctl = std::get_if<SetSysctl>(&step)) {
      lines.push_back(fmt::format("{}: set to {}, was {}", sysctl->name, sysctl->to, sysctl->from));
    }
  }
  if (lines.empty()) return {"no real server is set up here"};
  for (const auto& [name, value] : counters) lines.push_back(fmt::format("{}: {}", name, value));
  return lines;
}

}  // namespace ballast::realserver
