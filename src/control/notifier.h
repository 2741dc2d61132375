// Does what an operator wants to be done when health changes: runs commands and sends mail.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/model.h"
#include "control/alert_book.h"
#include "health/notice.h"
#include "process/command.h"

namespace ballast::control {

class Notifier {
 public:
  explicit Notifier(boost::asio::any_io_executor executor);

  /// Sets going what `desired` asks for. The commands of one service run one after another.
  void tell(const cluster::Cluster& desired, const std::vector<health::Notice>& notices);

  /// Sends mail of what happened to virtual routers that want it.
  void tell(const cluster::VrrpSettings& desired, const std::vector<vrrp::Event>& events);

  /// To be called about every 100 ms: sends the mail that is due.
  void tick();

 private:
  using Queue = std::deque<process::Command>;
  /// What is still to be run, by service; a service in it has a command running.
  using Queues = std::map<cluster::ServiceKey, Queue>;
  static boost::asio::awaitable<void> work(std::shared_ptr<Queues> queues, cluster::ServiceKey service);
  void enqueue(const cluster::ServiceKey& service, process::Command command);

  boost::asio::any_io_executor executor_;
  AlertBook alerts_;
  std::shared_ptr<Queues> queues_ = std::make_shared<Queues>();
};

}  // namespace ballast::control
