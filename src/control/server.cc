#include "control/server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>

#include "base/fd.h"
#include "base/log.h"
#include "control/operations.h"

namespace ballast::control {

namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

bool may_ask(const ucred& peer) { return peer.uid == 0 || peer.uid == ::geteuid(); }

Result<ucred> peer_of(stream_protocol::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return fail_errno("SO_PEERCRED");
  return peer;
}

Result<Fd> bound_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(fmt::format("{}: too long for a unix socket: take a shorter instance name", path), ENAMETOOLONG);
  }
  path.copy(address.sun_path, path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno("unix socket");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(path);
  // Nobody can connect before listen(), so there is no moment with wider permissions.
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(socket.get(), SOMAXCONN) != 0) {
    return fail_errno(path);
  }
  return socket;
}

std::string stranger() {
  return refusal({"only root and the user of the daemon are answered: run this as root", EACCES}) + "\n";
}

std::string too_long() {
  return refusal({fmt::format("request: longer than {} bytes", largest_request_bytes), EMSGSIZE}) + "\n";
}

/// False: the client is gone.
asio::awaitable<bool> send(stream_protocol::socket& socket, const std::string& line) {
  auto [wrong, sent] = co_await asio::async_write(socket, asio::buffer(line), as_result);
  co_return !wrong;
}

}  // namespace

struct Server::Listener {
  stream_protocol::acceptor acceptor;
  std::string path;
  Handlers handlers;
  bool open = true;

  static asio::awaitable<void> accept(std::shared_ptr<Listener> listener);
  static asio::awaitable<void> serve(std::shared_ptr<Listener> listener, stream_protocol::socket socket);
};

asio::awaitable<void> Server::Listener::accept(std::shared_ptr<Listener> listener) {
  while (listener->open) {
    auto [wrong, socket] = co_await listener->acceptor.async_accept(as_result);
    if (!listener->open) co_return;
    if (!wrong) {
      asio::co_spawn(listener->acceptor.get_executor(), serve(listener, std::move(socket)), asio::detached);
      continue;
    }
    log::warning("{}: {}: waiting before the next client is let in", listener->path, wrong.message());
    asio::steady_timer pause(listener->acceptor.get_executor(), std::chrono::milliseconds(100));
    co_await pause.async_wait(as_result);
  }
}

asio::awaitable<void> Server::Listener::serve(std::shared_ptr<Listener> listener, stream_protocol::socket socket) {
  const auto peer = peer_of(socket);
  if (!peer || !may_ask(*peer)) {
    const std::string line = stranger();
    co_await send(socket, line);
    co_return;
  }
  std::string received;
  while (true) {
    auto [wrong, length] =
        co_await asio::async_read_until(socket, asio::dynamic_buffer(received, largest_request_bytes), '\n', as_result);
    if (!listener->open) co_return;
    if (wrong == asio::error::not_found) {
      const std::string line = too_long();
      co_await send(socket, line);
      co_return;
    }
    if (wrong) co_return;
    const std::string line = listener->handlers.answer(std::string_view(received).substr(0, length - 1)) + "\n";
    received.erase(0, length);
    const bool sent = co_await send(socket, line);
    if (!sent) co_return;
    if (listener->open && listener->handlers.answered) listener->handlers.answered();
  }
}

Result<std::unique_ptr<Server>> Server::listen(asio::io_context& context, const std::string& path, Handlers handlers) {
  auto socket = bound_socket(path);
  if (!socket) return std::unexpected(socket.error());
  auto listener = std::make_shared<Listener>(
      Listener{stream_protocol::acceptor(context, stream_protocol(), socket->get()), path, std::move(handlers)});
  socket->release();
  asio::co_spawn(context, Listener::accept(listener), asio::detached);
  return std::unique_ptr<Server>(new Server(std::move(listener)));
}

Server::~Server() {
  listener_->open = false;
  boost::system::error_code ignored;
  static_cast<void>(listener_->acceptor.close(ignored));
  ::unlink(listener_->path.c_str());
}

}  // namespace ballast::control
