// TLS for checks: whose certificate is accepted, and what is wrong with one that is not.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <string>

#include "base/error.h"
#include "cluster/health_check.h"

namespace ballast::health {

/// What a TLS client presents and wants.
struct TlsWishes {
  cluster::CheckTls settings;
  std::string host;      ///< the name of the server where `settings` has none; may be an address, may end in a port
  net::Address address;  ///< whom a certificate is for where there is no name
  bool http_2 = false;   ///< ask for "h2" by ALPN
};

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

/// A TLS session that is about to be opened over a connection.
class TlsSession {
 public:
  static Result<std::unique_ptr<TlsSession>> make(boost::asio::ip::tcp::socket& socket, const TlsWishes& wishes);

  TlsStream& stream() { return stream_; }
  /// Offers the session of another connection to the same server, before the handshake.
  void resume(TlsSession& other);
  /// Why the handshake failed.
  [[nodiscard]] std::string phrase_of_failure(const boost::system::error_code& error) const;
  /// "h2", "http/1.1", or empty.
  [[nodiscard]] std::string protocol();

 private:
  TlsSession(boost::asio::ssl::context context, boost::asio::ip::tcp::socket& socket);
  Result<void> configure(const TlsWishes& wishes);
  void watch_certificate(const std::string& wanted_name);

  boost::asio::ssl::context context_;
  TlsStream stream_;
  std::string refusal_;
};

/// The name without a port: "www.example:8443" is "www.example", "[fd00::1]:8443" is "fd00::1".
std::string without_port(const std::string& host);

}  // namespace ballast::health
