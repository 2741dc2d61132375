// The answering side of the control interface: a unix socket, one line in, one line out.
#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ballast::control {

/// A longer request is refused and its connection closed. Enough for the largest table that `apply` may send.
inline constexpr std::size_t largest_request_bytes = std::size_t{64} << 20;

class Server {
 public:
  struct Handlers {
    std::function<std::string(std::string_view line)> answer;  ///< the answer to one request
    std::function<void()> answered;                            ///< called when an answer went out; may be empty
  };

  /// Listens at `path`, readable and writable by the owner only; a socket that a dead daemon left there is replaced.
  /// Only root and this process's own user are answered (SO_PEERCRED). A client that reads or writes slowly holds up no
  /// other.
  static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& context, const std::string& path,
                                                Handlers handlers);

  /// Stops answering and removes the socket.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  struct Listener;
  explicit Server(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}
  std::shared_ptr<Listener> listener_;
};

}  // namespace ballast::control
