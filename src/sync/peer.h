// A director that is told of our connections: a TCP connection to it, made again whenever it breaks. After each new
// one, and where changes were lost, it is told of everything.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/address.h"
#include "sync/frame.h"
#include "sync/table.h"

namespace ballast::sync {

struct PeerState {
  net::Endpoint peer;
  bool connected = false;
  bool complete = false;  ///< it knows everything that there was when it was connected
  std::uint64_t told = 0;
  std::uint64_t taken = 0;
  std::string problem;  ///< why there is no connection
};

class Peer : public std::enable_shared_from_this<Peer> {
 public:
  Peer(boost::asio::io_context& context, net::Endpoint peer, std::string secret);

  /// Connects, and goes on until stop().
  void start();
  void stop();

  /// Changed connections, as records.
  void tell(std::span<const std::uint8_t> records, std::uint32_t count);
  /// Changes were lost: everything is told again.
  void tell_everything() { cursor_ = 0; }
  /// To be called often: goes on with telling everything, as far as there is room.
  void step(const Table& table);

  [[nodiscard]] const PeerState& state() const { return state_; }

 private:
  using Socket = boost::asio::ip::tcp::socket;
  boost::asio::awaitable<void> live();
  boost::asio::awaitable<void> converse();
  boost::asio::awaitable<void> speak();
  boost::asio::awaitable<void> listen(FrameReader reader);
  boost::asio::awaitable<void> watch();
  void frame(FrameType type, std::span<const std::uint8_t> content);
  void fail(std::string why);

  boost::asio::io_context& context_;
  std::string secret_;
  Socket socket_;
  boost::asio::steady_timer wake_;   ///< something is to be written
  boost::asio::steady_timer pause_;  ///< until the next attempt, or look
  std::optional<FrameWriter> writer_;
  Bytes out_;
  std::optional<std::uint32_t> cursor_;  ///< of the walk by which everything is told
  std::chrono::steady_clock::time_point heard_;
  PeerState state_;
  bool stopped_ = false;
};

}  // namespace ballast::sync
