#include "health/check_once.h"

#include <boost/asio/this_coro.hpp>

#include "health/checks/checkers.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;
using cluster::CheckType;

bool needs_port(CheckType type) {
  return type != CheckType::icmp && type != CheckType::command && type != CheckType::file;
}

asio::awaitable<CheckResult> dispatch(const CheckTarget& target, const WaysPointer& ways) {
  const auto& check = target.check;
  if (needs_port(check.type) && peer_of(target).port == 0) {
    co_return result_of(down("neither check nor server nor service has a port: give the check one"));
  }
  Progress progress;
  switch (check.type) {
    case CheckType::udp:
    case CheckType::radius:
      co_return co_await check_by_datagram(target, ways);
    case CheckType::dns:
    case CheckType::sip:
      if (check.over_tcp) break;
      co_return co_await check_by_datagram(target, ways);
    case CheckType::icmp:
      co_return co_await check_by_ping(target);
    case CheckType::command:
      co_return co_await check_by_command(target);
    case CheckType::file:
      co_return check_by_file(check);
    default:
      break;
  }
  co_return co_await check_by_stream(target, ways, progress);
}

}  // namespace

CheckResult result_of(Verdict verdict) {
  CheckResult result;
  result.up = verdict.up;
  result.reason = std::move(verdict.reason);
  return result;
}

asio::awaitable<CheckResult> check_once(CheckTarget target, WaysPointer ways) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  CheckResult result;
  try {
    result = co_await dispatch(target, ways);
  } catch (const std::exception& error) {  // memory, descriptors: what Asio cannot tell as an error code
    result = result_of(down(error.what()));
  }
  result.latency = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
  co_return result;
}

}  // namespace ballast::health
