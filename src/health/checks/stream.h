// A connection to a server: TCP, in plain text or in TLS. Failures are phrases fit for the reason of a result.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

#include "health/checks/endpoints.h"
#include "health/checks/tls.h"

namespace ballast::health {

class Stream {
 public:
  explicit Stream(const boost::asio::any_io_executor& executor) : socket_(executor) {}

  /// Connects to `peer`, with the check's mark, interface and local end.
  boost::asio::awaitable<Result<void>> connect(const net::Endpoint& peer, const cluster::HealthCheck& check,
                                               bool any_port = false);
  /// Opens TLS over the connection.
  boost::asio::awaitable<Result<void>> secure(const TlsWishes& wishes);
  /// What came, at most 64 KiB; empty: the server ended the connection.
  boost::asio::awaitable<Result<std::string>> read();
  boost::asio::awaitable<Result<void>> write(const std::string& bytes);

  /// The protocol that ALPN chose; empty: none.
  [[nodiscard]] std::string protocol() const { return tls_ ? tls_->protocol() : ""; }
  /// This machine's end.
  [[nodiscard]] std::string local_end();

 private:
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace ballast::health
