#include "schedule/maglev.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>

#include "bpf/schedule/maglev_hash.h"

namespace ballast::schedule {
namespace {

static_assert(maglev_slots == MAGLEV_SLOTS);

/// No weight gives more turns in a round than this many bits say.
constexpr int turn_bits = 6;

/// How many slots a server of each weight takes when it is its turn: in proportion to the weights, scaled down where
/// the greatest would take more than 6 bits say, at least 1.
std::vector<std::uint32_t> turns_of(std::span<const MaglevServer> servers) {
  std::uint32_t divisor = 0;
  std::uint32_t greatest = 0;
  for (const auto& server : servers) {
    divisor = std::gcd(divisor, server.weight);
    greatest = std::max(greatest, server.weight);
  }
  std::vector<std::uint32_t> turns;
  if (divisor == 0) return turns;
  const int shift = std::max(0, static_cast<int>(std::bit_width(greatest / divisor)) - turn_bits);
  for (const auto& server : servers) {
    turns.push_back(server.weight == 0 ? 0 : std::max(1U, server.weight / divisor >> shift));
  }
  return turns;
}

/// The slots that a server would like to have, in its order of preference.
class Preference {
 public:
  explicit Preference(std::uint32_t key)
      : slot_(maglev_hash(key, MAGLEV_KEY) % maglev_slots),
        skip_(maglev_hash(key, MAGLEV_SKIP_KEY) % (maglev_slots - 1) + 1) {}

  /// The next one that nobody has. There must be one.
  std::uint32_t take(const std::vector<std::optional<std::uint32_t>>& taken) {
    while (taken[slot_]) slot_ = (slot_ + skip_) % maglev_slots;
    return slot_;
  }

 private:
  std::uint32_t slot_;
  std::uint32_t skip_;
};

}  // namespace

std::vector<std::uint32_t> maglev_table(std::span<const MaglevServer> servers) {
  const auto turns = turns_of(servers);
  if (turns.empty()) return {};
  std::vector<Preference> preferences;
  preferences.reserve(servers.size());
  for (const auto& server : servers) preferences.emplace_back(server.key);

  std::vector<std::optional<std::uint32_t>> taken(maglev_slots);
  std::uint32_t left = maglev_slots;
  while (left > 0) {
    for (std::size_t i = 0; i < servers.size(); ++i) {
      for (std::uint32_t turn = std::min(turns[i], left); turn > 0; --turn, --left) {
        taken[preferences[i].take(taken)] = servers[i].server;
      }
    }
  }
  std::vector<std::uint32_t> table;
  table.reserve(maglev_slots);
  for (const auto& slot : taken) table.push_back(*slot);
  return table;
}

}  // namespace ballast::schedule
