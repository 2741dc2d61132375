#include "health/checks/ask.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>

#include "health/checks/deadline.h"
#include "health/checks/endpoints.h"

namespace ballast::health {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

Verdict failure(const boost::system::error_code& error) {
  if (error == asio::error::connection_refused) return down("port unreachable");
  return down(phrase_of(error));
}

/// Listens up to `until`.
asio::awaitable<std::optional<Verdict>> listen(asio::posix::stream_descriptor& socket, const Question& question,
                                               Clock::time_point until) {
  std::array<char, 65536> datagram;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    if (left.count() <= 0) co_return std::nullopt;
    const auto received = co_await within(left, socket.async_read_some(asio::buffer(datagram), as_result));
    if (!received) co_return std::nullopt;
    const auto [error, length] = *received;
    // An empty datagram looks like the end of a stream.
    if (error && error != asio::error::eof) co_return failure(error);
    auto verdict = question.judge(std::string_view(datagram.data(), length));
    if (verdict) co_return verdict;
  }
}

}  // namespace

asio::awaitable<std::optional<Verdict>> ask(asio::posix::stream_descriptor& socket, const Question& question,
                                            milliseconds interval, milliseconds most) {
  const auto deadline = Clock::now() + most;
  while (Clock::now() < deadline) {
    if (::send(socket.native_handle(), question.datagram.data(), question.datagram.size(), MSG_NOSIGNAL) < 0) {
      co_return failure({errno, boost::system::system_category()});
    }
    auto verdict = co_await listen(socket, question, std::min(Clock::now() + interval, deadline));
    if (verdict) co_return verdict;
  }
  co_return std::nullopt;
}

}  // namespace ballast::health
