#include "health/check_once.h"

#include <boost/asio/this_coro.hpp>

#include "health/checks/checkers.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;
using cluster::CheckType;

asio::awaitable<CheckResult> dispatch(const CheckTarget& target) {
  Progress progress;
  co_return co_await check_by_stream(target, progress);
}

}  // namespace

asio::awaitable<CheckResult> check_once(CheckTarget target) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  CheckResult result;
  try {
    result = co_await dispatch(target);
  } catch (const std::exception& error) {
    result.reason = error.what();
  }
  result.latency = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
  co_return result;
}

}  // namespace ballast::health
