#include "report.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>

namespace ballast::bench {
namespace {

/// Katran (TUN, per-CPU LRU, consistent hash) as measured elsewhere with a reflector of 60 ns. Only the ratios are of
/// use on another machine.
struct Quoted {
  std::uint32_t flows;
  double ns;
};
constexpr double quoted_floor_ns = 60;
constexpr std::array quoted_established{Quoted{1, 257}, Quoted{1000, 261}, Quoted{100000, 570}, Quoted{1000000, 700}};
constexpr double quoted_opened_least_ns = 370;
constexpr double quoted_opened_most_ns = 570;

std::optional<double> quoted_ratio(std::uint32_t flows) {
  const auto* found = std::ranges::find(quoted_established, flows, &Quoted::flows);
  if (found == quoted_established.end()) return std::nullopt;
  return found->ns / quoted_floor_ns;
}

std::string title_of(Method method) {
  switch (method) {
    case Method::route:
      return "DR";
    case Method::tunnel:
      return "TUN (IPIP)";
    case Method::nat:
      return "NAT";
  }
  return "";
}

std::string line(const std::string& what, std::uint32_t flows, const Cost& cost, const std::string& quoted) {
  return fmt::format("{:<28} {:>9} {:>8.1f} {:>15} {:>9.1f} {:>7.2f} {:>11}\n", what, flows, cost.ns,
                     fmt::format("{:.0f}..{:.0f}", cost.least_ns, cost.most_ns), cost.floor_ns, cost.ratio(), quoted);
}

boost::json::object to_json(const Cost& cost) {
  return {
      {"ns", cost.ns},           {"reflector_ns", cost.floor_ns}, {"ratio", cost.ratio()}, {"least_ns", cost.least_ns},
      {"most_ns", cost.most_ns}, {"rounds", cost.rounds},         {"frames", cost.frames}};
}

/// What the table costs beside packets.
std::string lines(const Upkeep& upkeep) {
  return fmt::format(
      "table for {} connections: {:.1f} MB, {:.1f} bytes per connection\n"
      "timer with {} idle connections: {:.2f} % of a processor\n"
      "{} of them over at once: {:.3f} s of processor time in {} runs of the timer, the longest {:.3f} ms\n",
      upkeep.connections, static_cast<double>(upkeep.table_bytes) / 1e6,
      static_cast<double>(upkeep.table_bytes) / upkeep.connections, upkeep.open, upkeep.idle_share * 100,
      upkeep.expired, upkeep.expiry_seconds, upkeep.expiry_runs, upkeep.longest_run_ms);
}

boost::json::object to_json(const Upkeep& upkeep) {
  return {{"connections", upkeep.connections},
          {"table_bytes", upkeep.table_bytes},
          {"open", upkeep.open},
          {"idle_share", upkeep.idle_share},
          {"expired", upkeep.expired},
          {"expiry_seconds", upkeep.expiry_seconds},
          {"expiry_runs", upkeep.expiry_runs},
          {"longest_run_ms", upkeep.longest_run_ms}};
}

std::string kernel() {
  utsname name{};
  uname(&name);
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

}  // namespace

std::string name_of(Method method) {
  switch (method) {
    case Method::route:
      return "route";
    case Method::tunnel:
      return "tunnel";
    case Method::nat:
      return "nat";
  }
  return "";
}

std::string as_text(const std::vector<MethodReport>& reports) {
  std::string text = fmt::format("{}; native XDP on veth; medians of rounds in turn with the reflector\n\n", kernel());
  text += fmt::format("{:<28} {:>9} {:>8} {:>15} {:>9} {:>7} {:>11}\n", "packet", "flows", "ns", "least..most",
                      "reflector", "ratio", "Katran (*)");
  for (const auto& [method, points, upkeep] : reports) {
    const std::string title = title_of(method);
    for (const auto& point : points) {
      const auto ratio = quoted_ratio(point.flows);
      text += line(title + ", established", point.flows, point.established, ratio ? fmt::format("{:.1f}", *ratio) : "");
    }
    for (const auto& point : points) {
      if (point.reply) text += line(title + ", reply of the server", point.flows, *point.reply, "");
    }
    for (const auto& point : points) {
      if (!point.opened) continue;
      text += line(title + ", new connection", point.flows, *point.opened,
                   fmt::format("{:.1f}..{:.1f}", quoted_opened_least_ns / quoted_floor_ns,
                               quoted_opened_most_ns / quoted_floor_ns));
    }
    if (upkeep) text += lines(*upkeep);
    text += "\n";
  }
  text += fmt::format(
      "ns, reflector: per packet in the program, the kernel's run-time statistics (which cost 20-40 ns of it).\n"
      "ratio: ns / reflector. New connection: those that brought the table up to so many flows.\n"
      "(*) not measured in this run: Katran's ratio to the reflector in TUN, quoted from another run of the same "
      "method\n"
      "    (reflector {:.0f} ns; {:.0f}, {:.0f}, {:.0f}, {:.0f} ns established; {:.0f}-{:.0f} ns per new "
      "connection).\n",
      quoted_floor_ns, quoted_established[0].ns, quoted_established[1].ns, quoted_established[2].ns,
      quoted_established[3].ns, quoted_opened_least_ns, quoted_opened_most_ns);
  return text;
}

std::string as_json(const std::vector<MethodReport>& reports) {
  boost::json::array methods;
  for (const auto& [method, points, upkeep] : reports) {
    boost::json::array list;
    for (const auto& point : points) {
      boost::json::object entry{{"flows", point.flows}, {"established", to_json(point.established)}};
      if (point.reply) entry["reply"] = to_json(*point.reply);
      if (point.opened) entry["new_connection"] = to_json(*point.opened);
      if (const auto ratio = quoted_ratio(point.flows)) entry["katran_ratio_quoted"] = *ratio;
      list.push_back(std::move(entry));
    }
    boost::json::object measured{{"method", name_of(method)}, {"points", std::move(list)}};
    if (upkeep) measured["upkeep"] = to_json(*upkeep);
    methods.push_back(std::move(measured));
  }
  return boost::json::serialize(boost::json::object{{"kernel", kernel()}, {"methods", std::move(methods)}}) + "\n";
}

}  // namespace ballast::bench
