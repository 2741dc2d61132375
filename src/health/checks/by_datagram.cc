#include <netinet/in.h>
#include <sys/socket.h>

#include <tuple>

#include "base/fd.h"
#include "health/checks/ask.h"
#include "health/checks/checkers.h"
#include "health/checks/crypto.h"
#include "health/checks/endpoints.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;
using cluster::CheckType;

Result<Question> question_of(const CheckTarget& target, int socket) {
  const auto& check = target.check;
  const std::string random = random_bytes(16);
  switch (check.type) {
    case CheckType::dns:
      return dns_question(check, static_cast<std::uint16_t>(random[0] << 8 | static_cast<unsigned char>(random[1])));
    case CheckType::sip:
      return sip_question(check, peer_of(target).address.to_string(), local_end_of(socket), to_hex(random.substr(8)));
    case CheckType::radius:
      return radius_question(check, static_cast<std::uint8_t>(random[0]), random);
    default:
      break;
  }
  return udp_question(check);
}

/// A socket that is connected to the server, by the service's own way where that is asked.
Result<Fd> datagram_socket(const CheckTarget& target, OwnWay& way) {
  const auto peer = peer_of(target);
  auto socket = prepared_socket(peer, SOCK_DGRAM, 0, target.check);
  if (!socket) return socket;
  // Or "host unreachable" would not be told of (ip(7)).
  const bool ipv4 = peer.address.is_ipv4();
  const int on = 1;
  std::ignore =
      ::setsockopt(socket->get(), ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
  if (auto led = way.lead(socket->get(), peer, cluster::Protocol::udp, target); !led) {
    return std::unexpected(led.error());
  }
  if (auto connected = connect_socket(socket->get(), peer); !connected) return std::unexpected(connected.error());
  return socket;
}

/// What silence means.
Verdict judge_silence(const HealthCheck& check) {
  const bool wants_none = check.type == CheckType::udp && !check.reply && check.expect.empty();
  const bool may_be_silent = wants_none && !check.through_service;  // "port unreachable" would come by another way
  if (may_be_silent) return up(fmt::format("no \"port unreachable\" within {}", phrase_of(check.timeout)));
  return down(fmt::format("no answer within {}", phrase_of(check.timeout)));
}

}  // namespace

asio::awaitable<CheckResult> check_by_datagram(const CheckTarget& target, const WaysPointer& ways) {
  const auto& check = target.check;
  OwnWay way(ways);
  auto socket = datagram_socket(target, way);
  if (!socket) co_return result_of(down(socket.error().message));
  const auto question = question_of(target, socket->get());
  if (!question) co_return result_of(down(question.error().message));
  asio::posix::stream_descriptor descriptor(co_await asio::this_coro::executor, socket->release());
  const auto interval = check.type == CheckType::udp ? check.timeout : check.timeout / 3;
  auto verdict = co_await ask(descriptor, *question, interval, check.timeout);
  if (!verdict) verdict = judge_silence(check);
  co_return result_of(way.confirm(std::move(*verdict)));
}

}  // namespace ballast::health
