// Where an instance sends and receives.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cluster/vrrp.h"
#include "net/address.h"
#include "vrrp/sockets.h"
#include "vrrp/trailer.h"

namespace ballast::vrrp {

/// The sockets that packets come in by: one for each interface and family, whatever the number of instances.
class Receivers {
 public:
  using Handler = std::function<void(std::uint32_t interface_index, const Received& received)>;
  Receivers(boost::asio::io_context& context, Handler handler) : context_(context), handler_(std::move(handler)) {}

  /// Has packets of that family on that interface received, those to `group` too where there is one.
  Result<void> listen(const std::string& interface, std::uint32_t interface_index, net::Family family,
                      const std::optional<net::Address>& group);
  /// Forgets the sockets of an interface.
  void close(std::uint32_t interface_index);

 private:
  struct Entry {
    Receiver receiver;
    boost::asio::posix::stream_descriptor descriptor;  ///< of a duplicate: each closes its own
  };
  using Key = std::pair<std::uint32_t, net::Family>;
  void wait(const Key& key, const std::shared_ptr<Entry>& entry);

  boost::asio::io_context& context_;
  Handler handler_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
};

/// 224.0.0.18 or ff02::12, unless the instance names another.
net::Address group_of(const cluster::VrrpInstance& instance);

/// Sends the advertisements of an instance: to its group, or to each peer.
class Outlet {
 public:
  static Result<Outlet> open(const cluster::VrrpInstance& instance, const std::string& interface,
                             std::uint32_t interface_index);
  /// Gives the first thing that went wrong.
  Result<void> advertise(const cluster::VrrpInstance& instance, const net::Address& source, std::uint8_t priority,
                         WallClock::time_point now);

 private:
  explicit Outlet(Sender sender) : sender_(std::move(sender)) {}
  Sender sender_;
  Signer signer_;
};

}  // namespace ballast::vrrp
