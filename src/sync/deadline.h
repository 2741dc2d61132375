// A time limit for what a socket does: when it is over, the socket is closed, and whatever waits for it ends.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>

namespace ballast::sync {

class Deadline {
 public:
  Deadline(boost::asio::io_context& context, boost::asio::ip::tcp::socket& socket)
      : timer_(context), watched_(std::make_shared<Watched>(Watched{&socket})) {}
  ~Deadline() { watched_->socket = nullptr; }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// From now on this is how long it may take.
  void expires_after(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([watched = watched_](const boost::system::error_code& cancelled) {
      if (cancelled || watched->socket == nullptr) return;
      watched->over = true;
      boost::system::error_code ignored;
      watched->socket->close(ignored);
    });
  }
  void cancel() { timer_.cancel(); }
  [[nodiscard]] bool is_over() const { return watched_->over; }

 private:
  struct Watched {
    boost::asio::ip::tcp::socket* socket;
    bool over = false;
  };
  boost::asio::steady_timer timer_;
  std::shared_ptr<Watched> watched_;
};

}  // namespace ballast::sync
