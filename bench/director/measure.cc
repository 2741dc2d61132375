#include "measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace ballast::bench {
namespace {

constexpr std::uint32_t opening_rounds = 10;
constexpr std::uint32_t opening_frames_least = 300;
constexpr std::uint32_t acknowledged_frames = 1'000'000;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Error stopped() { return {"stopped", EINTR}; }

const char* counter_of(Method method) {
  switch (method) {
    case Method::route:
      return "forwarded_route";
    case Method::tunnel:
      return "forwarded_tunnel";
    case Method::nat:
      return "forwarded_nat";
  }
  return "";
}

/// Counters that may move while everything is forwarded.
bool is_harmless(const std::string& name, Method method, Kind kind) {
  return name == (kind == Kind::reply ? "replies_nat" : counter_of(method)) ||
         (kind == Kind::syn && name == "connections_created");
}

/// No frame may be lost, and none may come back in another form.
Result<void> check(const Pumped& pumped) {
  if (pumped.seen == pumped.sent && pumped.returned == pumped.sent && pumped.as_expected == pumped.sent) return {};
  return fail(fmt::format("of {} frames the program saw {}, sent back {}, and {} as they should be", pumped.sent,
                          pumped.seen, pumped.returned, pumped.as_expected));
}

class Measurement {
 public:
  Measurement(Generator& generator, const Daemon& daemon, Method method, const Plan& plan,
              const std::atomic<bool>& stop)
      : generator_(generator), daemon_(daemon), method_(method), plan_(plan), stop_(stop) {}

  Result<std::vector<Point>> run() {
    std::vector<Point> points;
    std::uint32_t open = 0;
    for (const std::uint32_t flows : plan_.flows) {
      auto measured = point(open, flows);
      if (!measured) return std::unexpected(measured.error());
      points.push_back(*measured);
      open = flows;
    }
    return points;
  }

 private:
  Result<Point> point(std::uint32_t open, std::uint32_t flows) {
    Point result;
    result.flows = flows;
    auto opened = open_flows({open, flows - open});
    if (!opened) return std::unexpected(opened.error());
    result.opened = *opened;
    if (auto exact = check_connections(flows); !exact) return std::unexpected(exact.error());
    auto established = rounds(Kind::ack, Order::by_chance, {0, flows}, plan_.rounds, plan_.round_frames);
    if (!established) return std::unexpected(established.error());
    result.established = *established;
    if (method_ == Method::nat) {
      auto reply = rounds(Kind::reply, Order::by_chance, {0, flows}, plan_.rounds, plan_.round_frames);
      if (!reply) return std::unexpected(reply.error());
      result.reply = *reply;
    }
    if (auto exact = check_connections(flows); !exact) return std::unexpected(exact.error());
    return result;
  }

  /// SYN and then ACK of every flow, in turn. The cost is that of the SYNs; nothing for too few of them.
  Result<std::optional<Cost>> open_flows(Flows flows) {
    const std::uint32_t count = std::clamp(flows.count / opening_frames_least, std::uint32_t{1}, opening_rounds);
    const std::uint32_t each = flows.count / count;
    Flows rest = flows;
    std::vector<double> costs, floors;
    for (std::uint32_t round = 0; round < count; ++round) {
      const Flows part{rest.first, round + 1 == count ? rest.count : each};
      auto opened = verified(Kind::syn, Order::in_turn, part, part.count);
      if (!opened) return std::unexpected(opened.error());
      auto floor = generator_.pump_floor(std::min(part.count, plan_.floor_frames));
      if (!floor) return std::unexpected(floor.error());
      costs.push_back(opened->program_ns);
      floors.push_back(floor->program_ns);
      rest.first += part.count;
      rest.count -= part.count;
    }
    for (std::uint32_t done = 0; done < flows.count; done += acknowledged_frames) {
      const Flows part{flows.first + done, std::min(acknowledged_frames, flows.count - done)};
      auto acknowledged = verified(Kind::ack, Order::in_turn, part, part.count);
      if (!acknowledged) return std::unexpected(acknowledged.error());
    }
    if (flows.count < opening_frames_least) return std::optional<Cost>();
    return cost_of(costs, floors, flows.count);
  }

  Result<Cost> rounds(Kind kind, Order order, Flows flows, std::uint32_t count, std::uint32_t frames) {
    std::vector<double> costs, floors;
    if (auto warm = verified(kind, order, flows, std::min(flows.count, frames)); !warm) {
      return std::unexpected(warm.error());
    }
    for (std::uint32_t round = 0; round < count; ++round) {
      auto pumped = verified(kind, order, flows, frames);
      if (!pumped) return std::unexpected(pumped.error());
      auto floor = generator_.pump_floor(plan_.floor_frames);
      if (!floor) return std::unexpected(floor.error());
      costs.push_back(pumped->program_ns);
      floors.push_back(floor->program_ns);
    }
    return cost_of(costs, floors, std::uint64_t{frames} * count);
  }

  static Cost cost_of(const std::vector<double>& costs, const std::vector<double>& floors, std::uint64_t frames) {
    Cost cost;
    cost.ns = median(costs);
    cost.floor_ns = median(floors);
    cost.least_ns = std::ranges::min(costs);
    cost.most_ns = std::ranges::max(costs);
    cost.rounds = static_cast<std::uint32_t>(costs.size());
    cost.frames = frames;
    return cost;
  }

  Result<Pumped> verified(Kind kind, Order order, Flows flows, std::uint32_t frames) {
    if (stop_) return std::unexpected(stopped());
    const auto before = daemon_.counters();
    if (!before) return std::unexpected(before.error());
    auto pumped = generator_.pump(method_, kind, order, flows, frames);
    if (!pumped) return pumped;
    const auto after = daemon_.counters();
    if (!after) return std::unexpected(after.error());
    if (auto good = check(*pumped); !good) return std::unexpected(good.error());
    if (auto good = check_counters(*before, *after, kind, frames); !good) return std::unexpected(good.error());
    return pumped;
  }

  Result<void> check_counters(const Counters& before, const Counters& after, Kind kind, std::uint32_t frames) {
    for (const auto& [name, value] : after) {
      const auto old = before.find(name);
      const std::uint64_t change = value - (old == before.end() ? 0 : old->second);
      const std::uint64_t wanted = is_harmless(name, method_, kind) ? frames : 0;
      if (change == wanted) continue;
      return fail(fmt::format("counter {} went up by {} instead of {} in {} frames", name, change, wanted, frames));
    }
    return {};
  }

  Result<void> check_connections(std::uint32_t flows) {
    const auto counts = daemon_.connection_counts();
    if (!counts) return std::unexpected(counts.error());
    if (counts->active == flows && counts->inactive == 0) return {};
    return fail(fmt::format("after {} flows ipvsadm shows {} active and {} inactive connections", flows, counts->active,
                            counts->inactive));
  }

  Generator& generator_;
  const Daemon& daemon_;
  Method method_;
  const Plan& plan_;
  const std::atomic<bool>& stop_;
};

}  // namespace

Result<std::vector<Point>> measure(Generator& generator, const Daemon& daemon, Method method, const Plan& plan,
                                   const std::atomic<bool>& stop) {
  return Measurement(generator, daemon, method, plan, stop).run();
}

}  // namespace ballast::bench
