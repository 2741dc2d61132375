// Sends gratuitous ARPs and neighbour advertisements, with gaps between them where asked.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/packet_socket.h"

namespace ballast::vrrp {

class Announcer {
 public:
  Announcer(boost::asio::io_context& context, net::PacketSocket socket)
      : context_(context), socket_(std::move(socket)) {}

  /// Sends a frame out of an interface, `gap` after the one before.
  void send(std::uint32_t interface_index, std::vector<std::byte> frame, std::chrono::microseconds gap);

 private:
  struct Frame {
    std::vector<std::byte> bytes;
    std::chrono::microseconds gap;
  };
  struct Queue {
    explicit Queue(boost::asio::io_context& context) : timer(context) {}
    boost::asio::steady_timer timer;
    std::deque<Frame> frames;
    bool waiting = false;
  };
  void send_next(std::uint32_t interface_index, Queue& queue);

  boost::asio::io_context& context_;
  net::PacketSocket socket_;
  std::map<std::uint32_t, Queue> queues_;
};

}  // namespace ballast::vrrp
