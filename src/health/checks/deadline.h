// Work that is given up after a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace ballast::health {

/// What `work` gives, or nullopt where it has not ended after `most`: whatever it waits for is then cancelled.
template <typename T>
boost::asio::awaitable<std::optional<T>> within(std::chrono::milliseconds most, boost::asio::awaitable<T> work) {
  using namespace boost::asio::experimental::awaitable_operators;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, most);
  auto first = co_await (std::move(work) || timer.async_wait(boost::asio::use_awaitable));
  if (first.index() == 1) co_return std::nullopt;
  co_return std::optional<T>(std::move(std::get<0>(first)));
}

}  // namespace ballast::health
