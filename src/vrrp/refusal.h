// Why an advertisement is not believed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ballast::vrrp {

enum class Refusal : std::uint8_t {
  too_short,
  length,
  version,
  type,
  interval,
  checksum,
  ttl,
  unknown_router,
  unknown_peer,
  own_address,
  authentication,
  password,
  trailer_missing,
  trailer_malformed,
  trailer_key,
  trailer_hmac,
  trailer_stale,
  trailer_replayed,
};
inline constexpr std::size_t refusal_count = static_cast<std::size_t>(Refusal::trailer_replayed) + 1;

/// "checksum": the name of its counter.
std::string_view name_of(Refusal refusal);
/// What was wrong, for the log: "its checksum is wrong".
std::string_view describe(Refusal refusal);

/// How many were refused, by reason.
using RefusalCounts = std::array<std::uint64_t, refusal_count>;

}  // namespace ballast::vrrp
