#include "vrrp/trailer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "vrrp/advertisement.h"

namespace ballast::vrrp {
namespace {

using cluster::HmacMode;
using cluster::VrrpSecurity;

constexpr std::uint8_t hmac_sha256_type = 1;
constexpr std::size_t hmac_bytes = 16;
constexpr std::size_t prefix_bytes = trailer_bytes - hmac_bytes;
constexpr std::size_t pseudo_bytes = 20;
constexpr std::size_t checksum_at = 6;
constexpr std::size_t most_senders = 64;

using Hmac = std::array<std::byte, hmac_bytes>;

std::vector<std::byte> pseudo_header(const Signed& what) {
  std::vector<std::byte> out(pseudo_bytes);
  out[0] = std::byte{what.source.is_ipv4() ? std::uint8_t{4} : std::uint8_t{6}};
  out[1] = what.message[0] >> 4;
  out[2] = what.message[1];
  std::ranges::copy(net::address_bytes(what.source), out.begin() + 4);
  return out;
}

Hmac compute(const std::string& key, const Signed& what, net::Bytes prefix) {
  std::vector<std::byte> input = pseudo_header(what);
  input.insert(input.end(), what.message.begin(), what.message.end());
  input[pseudo_bytes + checksum_at] = input[pseudo_bytes + checksum_at + 1] = std::byte{0};
  input.insert(input.end(), prefix.begin(), prefix.end());
  input.resize(input.size() + hmac_bytes);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(input.data()),
       input.size(), digest.data(), &length);
  Hmac out{};
  std::transform(digest.begin(), digest.begin() + hmac_bytes, out.begin(),
                 [](unsigned char byte) { return static_cast<std::byte>(byte); });
  return out;
}

/// Seconds in the upper 32 bits, 1/65536 s in the next 16.
std::uint64_t sequence_of(WallClock::time_point now) {
  const auto since = now.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count();
  return static_cast<std::uint64_t>(seconds.count()) << 32 | (static_cast<std::uint64_t>(rest) << 16) / 1'000'000'000
                                                                 << 16;
}

std::uint64_t number_of(net::Bytes trailer) {
  std::uint64_t number = 0;
  for (const std::byte byte : trailer.subspan(4, 8)) number = number << 8 | std::to_integer<std::uint64_t>(byte);
  return number;
}

/// How far apart two numbers are in time, in seconds; serial arithmetic, since 32 bits of seconds wrap.
std::int32_t seconds_between(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a >> 32) - static_cast<std::uint32_t>(b >> 32));
}

bool within(std::int32_t seconds, std::chrono::seconds window) {
  return std::abs(std::int64_t{seconds}) <= window.count();
}

bool checks_clock(const VrrpSecurity& security) { return security.anti_replay == cluster::AntiReplay::time; }

bool is_after(std::uint64_t a, std::uint64_t b) { return static_cast<std::int64_t>(a - b) > 0; }

}  // namespace

void Signer::sign(const VrrpSecurity& security, const net::Address& source, WallClock::time_point now,
                  std::vector<std::byte>& payload) {
  if (security.mode == HmacMode::receive_only || security.keys.empty()) return;
  const std::uint64_t clock = sequence_of(now);
  const bool clock_was_set_back = checks_clock(security) && !within(seconds_between(sequence_, clock), security.window);
  sequence_ = is_after(clock, sequence_) || clock_was_set_back ? clock : sequence_ + 1;

  const cluster::HmacKey& key = security.keys.front();
  std::array<std::byte, prefix_bytes> prefix{std::byte{hmac_sha256_type}, std::byte{key.id}};
  for (std::size_t i = 0; i < 8; ++i) prefix[4 + i] = static_cast<std::byte>(sequence_ >> (56 - 8 * i));
  const Hmac hmac = compute(key.secret, {.source = source, .message = payload}, prefix);
  payload.insert(payload.end(), prefix.begin(), prefix.end());
  payload.insert(payload.end(), hmac.begin(), hmac.end());
}

std::expected<void, Refusal> Verifier::verify(const VrrpSecurity& security, const Signed& what, net::Bytes trailer,
                                              WallClock::time_point now) {
  if (trailer.empty()) {
    if (security.mode != HmacMode::enforce) return {};
    return std::unexpected(Refusal::trailer_missing);
  }
  const bool whole = trailer.size() == trailer_bytes && trailer[0] == std::byte{hmac_sha256_type} &&
                     trailer[2] == std::byte{0} && trailer[3] == std::byte{0};
  if (!whole) return std::unexpected(Refusal::trailer_malformed);

  const std::uint64_t number = number_of(trailer);
  const std::uint64_t clock = sequence_of(now);
  const auto is_stale = [&](std::uint64_t other) {
    return checks_clock(security) && !within(seconds_between(other, clock), security.window);
  };
  if (is_stale(number)) return std::unexpected(Refusal::trailer_stale);
  const auto id = std::to_integer<std::uint8_t>(trailer[1]);
  const auto key = std::ranges::find(security.keys, id, &cluster::HmacKey::id);
  if (key == security.keys.end()) return std::unexpected(Refusal::trailer_key);
  const Hmac hmac = compute(key->secret, what, trailer.first(prefix_bytes));
  if (CRYPTO_memcmp(hmac.data(), trailer.data() + prefix_bytes, hmac_bytes) != 0) {
    return std::unexpected(Refusal::trailer_hmac);
  }

  // What is outside of the window orders nothing that the window does not refuse already.
  std::erase_if(heard_, [&](const auto& entry) { return is_stale(entry.second); });
  const auto before = heard_.find(what.source);
  if (before != heard_.end() && !is_after(number, before->second)) return std::unexpected(Refusal::trailer_replayed);
  if (before == heard_.end() && heard_.size() >= most_senders) heard_.erase(heard_.begin());
  heard_[what.source] = number;
  return {};
}

}  // namespace ballast::vrrp
