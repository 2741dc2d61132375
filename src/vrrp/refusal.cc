#include "vrrp/refusal.h"

namespace ballast::vrrp {
namespace {

struct Words {
  std::string_view name;
  std::string_view description;
};

constexpr std::array<Words, refusal_count> words = {{
    {"too_short", "it is cut short"},
    {"length", "its length does not fit its addresses"},
    {"version", "its VRRP version is another one than is configured here"},
    {"type", "it is no advertisement"},
    {"interval", "its advertisement interval is another one than is configured here (VRRPv2), or 0"},
    {"checksum", "its checksum is wrong"},
    {"ttl", "its TTL or hop limit is wrong, so it may come from another network"},
    {"unknown_router", "no instance on that interface has its router_id"},
    {"unknown_peer", "it is not from one of the configured peers"},
    {"own_address", "its source is this machine's own address"},
    {"authentication", "its type of authentication is another one than is configured here"},
    {"password", "its password is wrong"},
    {"trailer_missing", "it has no authentication trailer"},
    {"trailer_malformed", "its authentication trailer is malformed"},
    {"trailer_key", "its authentication trailer names a key that is not configured here"},
    {"trailer_hmac", "its authentication trailer does not verify"},
    {"trailer_stale", "its authentication trailer is from another time; compare the clocks"},
    {"trailer_replayed", "its authentication trailer is not newer than one before"},
}};

}  // namespace

std::string_view name_of(Refusal refusal) { return words[static_cast<std::size_t>(refusal)].name; }
std::string_view describe(Refusal refusal) { return words[static_cast<std::size_t>(refusal)].description; }

}  // namespace ballast::vrrp
