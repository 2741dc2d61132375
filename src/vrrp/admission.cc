#include "vrrp/admission.h"

#include <algorithm>

namespace ballast::vrrp {
namespace {

using cluster::VrrpAuthentication;
using cluster::VrrpInstance;

constexpr int required_hop_limit = 255;

std::array<std::uint8_t, 8> password_of(const VrrpInstance& instance) {
  std::array<std::uint8_t, 8> bytes{};
  const auto& password = instance.security.password;
  std::copy_n(password.begin(), std::min(password.size(), bytes.size()), bytes.begin());
  return bytes;
}

std::optional<Refusal> check_sender(const VrrpInstance& instance, const net::Address& own, const Arrival& arrival) {
  const net::Address& source = arrival.path.source;
  if (source == own) return Refusal::own_address;
  if (instance.peers.empty()) {
    const bool far = arrival.hop_limit >= 0 && arrival.hop_limit != required_hop_limit;
    return far ? std::optional(Refusal::ttl) : std::nullopt;
  }
  const auto peer = std::ranges::find(instance.peers, source, &cluster::VrrpPeer::address);
  if (peer == instance.peers.end()) {
    const bool must_be_known = instance.check_source || instance.security.type == VrrpAuthentication::hmac;
    return must_be_known ? std::optional(Refusal::unknown_peer) : std::nullopt;
  }
  const bool outside =
      arrival.hop_limit >= 0 && (arrival.hop_limit < peer->least_ttl || arrival.hop_limit > peer->greatest_ttl);
  return outside ? std::optional(Refusal::ttl) : std::nullopt;
}

std::optional<Refusal> check_version2(const VrrpInstance& instance, const Advertisement& advertisement) {
  const bool password = instance.security.type == VrrpAuthentication::password;
  const auto expected = password ? AuthenticationType::password : AuthenticationType::none;
  if (advertisement.authentication != static_cast<std::uint8_t>(expected)) return Refusal::authentication;
  if (password && advertisement.password != password_of(instance)) return Refusal::password;
  if (advertisement.interval != instance.interval) return Refusal::interval;
  return std::nullopt;
}

}  // namespace

std::expected<Admitted, Refusal> admit(const VrrpInstance& instance, const net::Address& own, const Decoded& decoded,
                                       const Arrival& arrival, Verifier& verifier, WallClock::time_point now) {
  const Advertisement& advertisement = decoded.advertisement;
  if (advertisement.version != instance.version) return std::unexpected(Refusal::version);
  if (const auto refusal = check_sender(instance, own, arrival)) return std::unexpected(*refusal);
  if (instance.security.type == VrrpAuthentication::hmac) {
    const Signed what{.source = arrival.path.source, .message = decoded.message};
    if (auto verified = verifier.verify(instance.security, what, decoded.trailer, now); !verified) {
      return std::unexpected(verified.error());
    }
  }
  if (instance.version == 2) {
    if (const auto refusal = check_version2(instance, advertisement)) return std::unexpected(*refusal);
  }
  const auto expected = advertisement_of(instance, 0).addresses;
  return Admitted{
      .heard = {.source = arrival.path.source, .priority = advertisement.priority, .interval = advertisement.interval},
      .other_addresses = !std::ranges::is_permutation(expected, advertisement.addresses)};
}

Advertisement advertisement_of(const VrrpInstance& instance, std::uint8_t priority) {
  Advertisement advertisement{.version = instance.version,
                              .router_id = instance.router_id,
                              .priority = priority,
                              .interval = instance.interval,
                              .addresses = {}};
  if (instance.version == 2 && instance.security.type == VrrpAuthentication::password) {
    advertisement.authentication = static_cast<std::uint8_t>(AuthenticationType::password);
    advertisement.password = password_of(instance);
  }
  for (const auto& address : instance.addresses) advertisement.addresses.push_back(address.address);
  return advertisement;
}

}  // namespace ballast::vrrp
