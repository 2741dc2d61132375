// A connection to a server: TCP, in plain text or in TLS. Failures are phrases fit for the reason of a result.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

#include "health/checks/endpoints.h"
#include "health/checks/own_way.h"
#include "health/checks/tls.h"

namespace ballast::health {

class Stream {
 public:
  Stream(const boost::asio::any_io_executor& executor, WaysPointer ways)
      : ways_(std::move(ways)), way_(ways_), socket_(executor) {}

  /// Connects to `peer`, with the check's mark, interface and local end, by the service's own way where that is asked.
  boost::asio::awaitable<Result<void>> connect(const net::Endpoint& peer, const CheckTarget& target,
                                               bool any_port = false);
  /// Opens TLS over the connection, with the session of another one where that is given.
  boost::asio::awaitable<Result<void>> secure(const TlsWishes& wishes, const Stream* beside = nullptr);
  [[nodiscard]] bool is_secured() const { return tls_ != nullptr; }
  /// What came, at most 64 KiB; empty: the server ended the connection.
  boost::asio::awaitable<Result<std::string>> read();
  boost::asio::awaitable<Result<void>> write(const std::string& bytes);

  /// The protocol that ALPN chose; empty: none.
  [[nodiscard]] std::string protocol() const { return tls_ ? tls_->protocol() : ""; }
  /// This machine's end.
  [[nodiscard]] std::string local_end();
  /// For a further connection to the same server.
  [[nodiscard]] const WaysPointer& ways() const { return ways_; }
  /// A server that was not asked by the way that it should have been is down.
  [[nodiscard]] Verdict confirm(Verdict verdict) const { return way_.confirm(std::move(verdict)); }

 private:
  WaysPointer ways_;
  OwnWay way_;  ///< ends behind the socket
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace ballast::health
