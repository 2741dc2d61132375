// Watches interfaces and addresses change.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <vector>

#include "net/interface_address.h"
#include "net/link.h"
#include "net/netlink.h"

namespace ballast::vrrp {

/// What changed; everything may have where `lost`.
struct NetworkChange {
  bool links = false;
  std::vector<net::InterfaceAddress> added;
  std::vector<net::InterfaceAddress> removed;
  bool lost = false;
};

class Watch {
 public:
  using Handler = std::function<void(const NetworkChange&)>;
  static Result<std::unique_ptr<Watch>> open(boost::asio::io_context& context, Handler handler);

 private:
  Watch(boost::asio::io_context& context, net::NetlinkSocket socket, Handler handler);
  void wait();
  void read();

  net::NetlinkSocket socket_;
  boost::asio::posix::stream_descriptor descriptor_;  ///< of a duplicate: each closes its own
  Handler handler_;
};

}  // namespace ballast::vrrp
