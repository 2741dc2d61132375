// Looks into the maintenance directories once a second and tells the Monitor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "health/monitor.h"

namespace ballast::health {

class MaintenanceWatch {
 public:
  /// Begins at once. `monitor` must outlive this; `news` is called when a directory took servers out or gave them back.
  MaintenanceWatch(const boost::asio::any_io_executor& executor, Monitor& monitor, std::function<void()> news);
  MaintenanceWatch(const MaintenanceWatch&) = delete;
  MaintenanceWatch& operator=(const MaintenanceWatch&) = delete;

 private:
  using Files = std::set<std::string>;
  /// What the loop works on; it ends when this is gone.
  struct State {
    Monitor& monitor;
    std::function<void()> news;
    std::map<std::string, Files> seen;  ///< by directory
  };
  static boost::asio::awaitable<void> loop(std::weak_ptr<State> watch);
  static boost::asio::awaitable<void> look(std::weak_ptr<State> watch, std::string directory);

  std::shared_ptr<State> state_;
};

}  // namespace ballast::health
