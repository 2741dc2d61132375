// One role of ip_vs's synchronization: a master that sends its connections to a multicast group, or a backup that takes
// them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/error.h"
#include "cluster/sync.h"
#include "sync/kernel_message.h"
#include "sync/table.h"

namespace ballast::sync {

/// Sends. ENODEV: no such interface, or it has no address to send from.
class KernelMaster {
 public:
  static Result<std::unique_ptr<KernelMaster>> start(boost::asio::io_context& context,
                                                     const cluster::KernelSync& settings);
  void tell(const cluster::Connection& connection);
  /// Sends what was collected.
  void flush();
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  KernelMaster(boost::asio::io_context& context, const cluster::KernelSync& settings, unsigned int interface,
               std::size_t longest);
  void send(const Bytes& message);

  boost::asio::ip::udp::socket socket_;
  boost::asio::ip::udp::endpoint group_;
  KernelMessage message_;
  std::uint64_t sent_ = 0;
};

class KernelBackup : public std::enable_shared_from_this<KernelBackup> {
 public:
  using Admit = std::function<Taken(std::span<const cluster::Connection>)>;
  static Result<std::shared_ptr<KernelBackup>> start(boost::asio::io_context& context,
                                                     const cluster::KernelSync& settings, Admit admit);
  void stop();
  [[nodiscard]] const Taken& taken() const { return taken_; }
  /// Messages that were not understood, by the reason.
  [[nodiscard]] const std::map<Refusal, std::uint64_t>& refused() const { return refused_; }

 private:
  KernelBackup(boost::asio::io_context& context, std::uint8_t id, Admit admit);
  void receive();
  void take(std::span<const std::uint8_t> message);

  boost::asio::ip::udp::socket socket_;
  boost::asio::ip::udp::endpoint sender_;
  std::array<std::uint8_t, 65536> buffer_{};
  std::uint8_t id_;
  Admit admit_;
  Taken taken_;
  std::map<Refusal, std::uint64_t> refused_;
  std::set<std::string> complaints_;  ///< logged once for each sender and reason
};

/// The longest message that an interface takes whole, as ip_vs computes it: its MTU less the headers of IP and UDP.
/// ENODEV: there is no such interface.
Result<std::uint16_t> longest_message(const cluster::KernelSync& settings);

}  // namespace ballast::sync
