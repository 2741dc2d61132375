// What to do for connections whose address has just come to this machine.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <random>
#include <set>

#include "base/error.h"
#include "net/address.h"
#include "net/netlink.h"
#include "net/raw_sender.h"
#include "sync/table.h"

namespace ballast::sync {

/// Watches addresses come to this machine, whoever puts them there. Then the ends of connections by them are asked
/// where they stand (prompts()): what they had told each other meanwhile went to a director that is gone, and they
/// would wait for a retransmission, whose interval has doubled with each that was lost.
class Takeover {
 public:
  static Result<std::unique_ptr<Takeover>> start(boost::asio::io_context& context, const Table& table);

  /// How many connections were asked for.
  [[nodiscard]] std::uint64_t prompted() const { return prompted_; }

 private:
  Takeover(boost::asio::io_context& context, const Table& table, net::NetlinkSocket socket, net::RawSender sender,
           std::set<net::Address> local);
  void wait_for_addresses();
  void read_addresses();
  void wait_for_neighbours();
  void begin_walk();
  void walk();
  void prompt(const cluster::Connection& connection);

  boost::asio::io_context& context_;
  const Table& table_;
  net::NetlinkSocket socket_;
  net::RawSender sender_;
  boost::asio::posix::stream_descriptor descriptor_;  ///< of a duplicate: each closes its own
  boost::asio::steady_timer timer_;
  std::mt19937 random_{std::random_device{}()};
  std::set<net::Address> local_;
  std::set<net::Address> gained_;   ///< whose connections are to be asked for
  std::set<net::Address> walking_;  ///< ... are being asked for
  std::uint32_t cursor_ = 0;
  std::uint64_t before_ = 0;  ///< prompted_ when the walk began
  std::uint64_t prompted_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< handlers that are due already look at it
};

}  // namespace ballast::sync
