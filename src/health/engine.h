// Runs the checks of a Monitor when they are due, on an event loop of one thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <memory>

#include "health/check_once.h"
#include "health/monitor.h"

namespace ballast::health {

/// The clocks of the machine.
Now now();

class Engine {
 public:
  /// How a check is run: check_once().
  using Runner = std::function<boost::asio::awaitable<CheckResult>(CheckTarget)>;

  /// Checks under way.
  static constexpr std::size_t usual_most = 512;

  struct Settings {
    Runner run;
    std::size_t most_at_once = usual_most;  ///< checks under way; others that are due wait for one of them
    std::function<void()> news;             ///< called when Monitor::has_news() after a result
  };

  /// Begins at once. `monitor` must outlive this.
  Engine(boost::asio::any_io_executor executor, Monitor& monitor, Settings settings);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// To be called after Monitor::apply().
  void look();

  [[nodiscard]] std::size_t under_way() const { return under_way_; }

 private:
  void start(DueCheck due);
  void finish(CheckId id, const CheckResult& result);
  void wait_for_next();

  Monitor& monitor_;
  Settings settings_;
  boost::asio::steady_timer timer_;
  std::size_t under_way_ = 0;
  std::shared_ptr<Engine*> self_;  ///< gone with the engine: results that come later are dropped
};

}  // namespace ballast::health
