#include <unistd.h>

#include <array>

#include "health/checks/checkers.h"
#include "health/checks/crypto.h"
#include "health/checks/deadline.h"
#include "health/checks/protocols.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;
using cluster::CheckType;
using cluster::HttpVersion;

constexpr std::string_view connecting = "connecting";

bool is_http(CheckType type) { return type == CheckType::http || type == CheckType::http_proxy; }

/// "10.0.0.1", "[fd00::1]:8080": the server where it has no name.
std::string host_of(const HealthCheck& check, const net::Endpoint& peer) {
  const std::uint16_t usual = check.tls ? 443 : 80;
  const std::string whole = peer.to_string();
  return peer.port == usual ? whole.substr(0, whole.rfind(':')) : whole;
}

std::string own_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

std::uint16_t random_id() {
  const std::string bytes = random_bytes(2);
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
}

/// What is said over the connection. `request` is for HTTP.
Conversation conversation_of(const CheckTarget& target, const HttpRequest& request, Stream& stream) {
  const auto& check = target.check;
  const auto peer = peer_of(target);
  switch (check.type) {
    case CheckType::http:
    case CheckType::http_proxy:
      if (check.http_version == HttpVersion::http_2) return http_2_conversation(check, request, host_of(check, peer));
      return http_1_conversation(check, request, host_of(check, peer));
    case CheckType::smtp:
      return smtp_conversation(check, own_name());
    case CheckType::imap:
      return imap_conversation(check);
    case CheckType::pop3:
      return pop3_conversation(check);
    case CheckType::ftp:
      return ftp_conversation(check);
    case CheckType::nntp:
      return nntp_conversation(check);
    case CheckType::ldap:
      return ldap_conversation(check);
    case CheckType::mysql:
      return mysql_conversation(check);
    case CheckType::postgresql:
      return postgresql_conversation(check, to_base64(random_bytes(18)));
    case CheckType::redis:
      return redis_conversation(check);
    case CheckType::dns:
      return dns_conversation(check, random_id());
    case CheckType::sip:
      return sip_conversation(check, peer.address.to_string(), stream.local_end(), to_hex(random_bytes(8)));
    default:
      break;
  }
  return text_conversation(check);
}

TlsWishes tls_wishes(const CheckTarget& target, const HttpRequest& request) {
  const auto& check = target.check;
  return {.settings = check.tls.value_or(cluster::CheckTls{}),
          .host = request.host,
          .address = peer_of(target).address,
          .http_2 = is_http(check.type) && check.http_version == HttpVersion::http_2};
}

/// Whether TLS comes before the first word of the protocol.
bool tls_from_the_start(const HealthCheck& check) {
  const bool upgrades = check.type == CheckType::mysql || check.type == CheckType::postgresql;
  return check.tls && !check.tls->start_tls && !upgrades;
}

Verdict no_connection(std::chrono::milliseconds limit) {
  return down(fmt::format("no connection within {}", phrase_of(limit)));
}

Verdict no_answer(const HealthCheck& check, const Progress& progress) {
  if (progress.doing == connecting) return no_connection(check.timeout);
  return down(fmt::format("no answer within {} ({})", phrase_of(check.timeout), progress.doing));
}

asio::awaitable<Verdict> hold(const CheckTarget& target, const WaysPointer& ways, const HttpRequest& request,
                              Progress& progress) {
  Stream stream(co_await asio::this_coro::executor, ways);
  const auto& check = target.check;
  progress.doing = connecting;
  const auto limit = check.connect_timeout.count() != 0 ? check.connect_timeout : check.timeout;
  const auto connected = co_await within(limit, stream.connect(peer_of(target), target));
  if (!connected) co_return no_connection(limit);
  if (!*connected) co_return down(connected->error().message);
  const TlsWishes tls = tls_wishes(target, request);
  if (tls_from_the_start(check)) {
    progress.doing = "connected, in the TLS handshake";
    const auto secured = co_await stream.secure(tls);
    if (!secured) co_return down(secured.error().message);
    if (tls.http_2 && stream.protocol() != "h2") co_return down("server does not offer HTTP/2 over TLS (by ALPN)");
  }
  Conversation conversation = conversation_of(target, request, stream);
  auto verdict = co_await converse(std::move(conversation), stream, tls, target, progress);
  co_return stream.confirm(std::move(verdict));
}

}  // namespace

asio::awaitable<CheckResult> check_by_stream(const CheckTarget& target, const WaysPointer& ways, Progress& progress) {
  std::vector<HttpRequest> requests = target.check.requests;
  if (!is_http(target.check.type) || requests.empty()) requests = {HttpRequest{}};
  CheckResult result;
  for (const auto& request : requests) {
    auto verdict = co_await within(target.check.timeout, hold(target, ways, request, progress));
    if (!verdict) verdict = no_answer(target.check, progress);
    if (!verdict->up && requests.size() > 1) verdict->reason = fmt::format("{}: {}", request.path, verdict->reason);
    result = result_of(std::move(*verdict));
    if (!result.up) break;
  }
  co_return result;
}

}  // namespace ballast::health
