// Other directors tell us of their connections here.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/error.h"
#include "net/address.h"
#include "sync/frame.h"
#include "sync/table.h"

namespace ballast::sync {

/// What came from one address.
struct CallerState {
  std::uint32_t connected = 0;  ///< conversations that go on
  bool complete = false;        ///< has told everything
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
  std::uint64_t unknown = 0;    ///< those of `refused` whose real server is not here, since everything was asked for
  bool again = false;           ///< is to be asked to tell everything again
  std::uint64_t malformed = 0;  ///< conversations that ended with what is no frame or record of this protocol
};

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using Admit = std::function<Taken(std::span<const cluster::Connection>)>;
  Listener(boost::asio::io_context& context, std::string secret, Admit admit);

  /// EADDRINUSE and others: the address cannot be listened on.
  Result<void> start(const net::Endpoint& listen);
  void stop();

  /// Callers who told of connections whose real servers were not configured here are asked to tell everything again.
  void servers_changed();

  [[nodiscard]] const std::map<std::string, CallerState>& callers() const { return callers_; }

 private:
  using Socket = boost::asio::ip::tcp::socket;
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(Socket socket);
  boost::asio::awaitable<void> converse(Socket& socket, CallerState& caller);
  Bytes answer(FrameWriter& writer, const Frame& frame, CallerState& caller) const;
  void complain(const std::string& who, const std::string& why);

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string secret_;
  Admit admit_;
  std::map<std::string, CallerState> callers_;
  std::set<std::string> complaints_;  ///< logged once for each caller and reason
  bool stopped_ = false;
};

}  // namespace ballast::sync
