// links: ballast_vrrp
// Advertisements of any bytes, as an instance of each kind takes them.
#include <cstddef>
#include <cstdint>
#include <span>

#include "vrrp/admission.h"

using namespace ballast;

namespace {

cluster::VrrpInstance instance_of(std::uint8_t kind) {
  cluster::VrrpInstance instance;
  instance.name = "edge";
  instance.router_id = 51;
  instance.version = (kind & 1) != 0 ? 2 : 3;
  instance.addresses.resize(1);
  instance.addresses[0].address = net::Address::ipv4(0x0a000064);
  if ((kind & 2) != 0) instance.peers = {{.address = net::Address::ipv4(0x0a000001)}};
  if ((kind & 4) != 0) {
    instance.security.type = cluster::VrrpAuthentication::hmac;
    instance.security.keys = {{7, "0123456789abcdef0123456789abcdef", ""}};
  }
  return instance;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t kind = data[0];
  const net::Bytes payload = std::as_bytes(std::span(data + 1, size - 1));
  const bool ipv6 = (kind & 8) != 0;
  const vrrp::Path path{.source = *net::Address::parse(ipv6 ? "fe80::1" : "10.0.0.1"),
                        .destination = *net::Address::parse(ipv6 ? "ff02::12" : "224.0.0.18")};
  const auto decoded = vrrp::decode(payload, path);
  if (!decoded) return 0;
  const auto instance = instance_of(kind);
  vrrp::Verifier verifier;
  const vrrp::WallClock::time_point now{std::chrono::seconds{1'700'000'000}};
  static_cast<void>(
      vrrp::admit(instance, net::Address::ipv4(0x0a000002), *decoded, {.path = path, .hop_limit = 255}, verifier, now));
  // What was found whole is written as it was read.
  const auto dialect = decoded->dialect.value_or(cluster::V3Checksum::rfc5798);
  const auto again = vrrp::encode(decoded->advertisement, path, dialect);
  const auto reread = vrrp::decode(again, path);
  if (!reread || reread->advertisement != decoded->advertisement) __builtin_trap();
  return 0;
}
