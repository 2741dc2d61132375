#include "health/checks/stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <tuple>

namespace ballast::health {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t most_at_once = std::size_t{64} * 1024;

bool is_end(const error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

}  // namespace

asio::awaitable<Result<void>> Stream::connect(const net::Endpoint& peer, const CheckTarget& target, bool any_port) {
  const asio::ip::tcp::endpoint to(asio_address(peer.address), peer.port);
  error_code error;
  socket_.open(to.protocol(), error);
  if (error) co_return fail(phrase_of(error), error.value());
  auto prepared = prepare_socket(socket_.native_handle(), target.check, any_port);
  if (!prepared) co_return prepared;
  auto led = way_.lead(socket_.native_handle(), peer, cluster::Protocol::tcp, target);
  if (!led) co_return led;
  std::tie(error) = co_await socket_.async_connect(to, as_result);
  if (error) co_return fail(phrase_of(error), error.value());
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  co_return Result<void>();
}

asio::awaitable<Result<void>> Stream::secure(const TlsWishes& wishes, const Stream* beside) {
  auto session = TlsSession::make(socket_, wishes);
  if (!session) co_return std::unexpected(session.error());
  tls_ = std::move(*session);
  if (beside != nullptr) tls_->resume(*beside->tls_);
  const auto [error] = co_await tls_->stream().async_handshake(asio::ssl::stream_base::client, as_result);
  if (error) co_return fail(tls_->phrase_of_failure(error));
  co_return Result<void>();
}

asio::awaitable<Result<std::string>> Stream::read() {
  std::string bytes(most_at_once, '\0');
  error_code error;
  std::size_t length = 0;
  if (tls_) {
    std::tie(error, length) = co_await tls_->stream().async_read_some(asio::buffer(bytes), as_result);
  } else {
    std::tie(error, length) = co_await socket_.async_read_some(asio::buffer(bytes), as_result);
  }
  if (error && !is_end(error)) co_return fail(phrase_of(error), error.value());
  bytes.resize(length);
  co_return bytes;
}

asio::awaitable<Result<void>> Stream::write(const std::string& bytes) {
  error_code error;
  std::size_t written = 0;
  if (tls_) {
    std::tie(error, written) = co_await asio::async_write(tls_->stream(), asio::buffer(bytes), as_result);
  } else {
    std::tie(error, written) = co_await asio::async_write(socket_, asio::buffer(bytes), as_result);
  }
  if (error) co_return fail(phrase_of(error), error.value());
  co_return Result<void>();
}

asio::awaitable<void> Stream::end() {
  if (tls_) co_await tls_->stream().async_shutdown(as_result);
  boost::system::error_code ignored;
  socket_.close(ignored);
}

std::string Stream::local_end() { return local_end_of(socket_.native_handle()); }

}  // namespace ballast::health
