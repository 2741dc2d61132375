#include <netinet/in.h>

#include "base/fd.h"
#include "health/checks/ask.h"
#include "health/checks/checkers.h"
#include "health/checks/crypto.h"
#include "health/checks/endpoints.h"
#include "health/checks/ping_message.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;

struct PingSocket {
  Fd fd;
  bool is_raw = false;
};

/// A ping socket, which net.ipv4.ping_group_range must allow, or a raw one, which needs CAP_NET_RAW.
Result<PingSocket> open_socket(const net::Endpoint& peer, const HealthCheck& check) {
  const int protocol = peer.address.is_ipv4() ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  auto ping = connected_socket(peer, SOCK_DGRAM, protocol, check);
  if (ping) return PingSocket{.fd = std::move(*ping), .is_raw = false};
  if (ping.error().code != EACCES && ping.error().code != EPERM) return std::unexpected(ping.error());
  auto raw = connected_socket(peer, SOCK_RAW, protocol, check);
  if (!raw) return std::unexpected(raw.error());
  return PingSocket{.fd = std::move(*raw), .is_raw = true};
}

Question echo_question(net::Family family, bool is_raw) {
  const std::string random = random_bytes(18);
  const std::string payload = random.substr(2);
  const auto judge = [=](std::string_view packet) -> std::optional<Verdict> {
    const bool has_ip_header = is_raw && family == net::Family::ipv4;
    if (!is_echo_reply(family, packet, has_ip_header, payload)) return std::nullopt;
    return up("echo reply");
  };
  const auto identifier =
      static_cast<std::uint16_t>(static_cast<unsigned char>(random[0]) << 8 | static_cast<unsigned char>(random[1]));
  return {.datagram = echo_request(family, identifier, payload), .judge = judge};
}

}  // namespace

asio::awaitable<CheckResult> check_by_ping(const CheckTarget& target) {
  const auto& check = target.check;
  net::Endpoint peer = peer_of(target);
  peer.port = 0;
  auto socket = open_socket(peer, check);
  if (!socket) co_return result_of(down(socket.error().message));
  const Question question = echo_question(peer.address.family(), socket->is_raw);
  asio::posix::stream_descriptor descriptor(co_await asio::this_coro::executor, socket->fd.release());
  auto verdict = co_await ask(descriptor, question, check.timeout / 3, check.timeout);
  if (!verdict) verdict = down(fmt::format("no echo reply within {}", phrase_of(check.timeout)));
  co_return result_of(std::move(*verdict));
}

}  // namespace ballast::health
