// Looks at what instances track and is not the network: scripts, files, processes. For an io_context of its own thread,
// since reading /proc takes long.
#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

#include "cluster/vrrp.h"
#include "vrrp/priority.h"

namespace ballast::vrrp {

class Observer {
 public:
  /// Called in the thread of `context`, at first and whenever something changes.
  using Report =
      std::function<void(cluster::Track::Kind kind, const std::string& name, const Observation& observation)>;

  Observer(boost::asio::io_context& context, Report report);
  ~Observer();

  /// Looks at these from now on. What has not changed goes on.
  void configure(const cluster::VrrpSettings& settings);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ballast::vrrp
