// Runs the checks of a Monitor when they are due, on an event loop of one thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
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

  /// How many are under way at a time; others that are due wait for one of them. Commands are processes, and fewer.
  struct Most {
    std::size_t checks = 512;
    std::size_t commands = 512;
  };

  struct Settings {
    Runner run;
    Most most{};
    std::function<void()> news;  ///< called when Monitor::has_news() after a result
  };

  /// Begins at once. `monitor` must outlive this.
  Engine(const boost::asio::any_io_executor& executor, Monitor& monitor, Settings settings);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// To be called after Monitor::apply().
  void look();

  [[nodiscard]] std::size_t under_way() const { return under_way_; }

 private:
  void begin(DueCheck due);
  void start(DueCheck due);
  void finish(CheckId id, bool command, const CheckResult& result);
  void wait_for_next();

  Monitor& monitor_;
  Settings settings_;
  std::shared_ptr<const Runner> run_;
  boost::asio::steady_timer timer_;
  std::size_t under_way_ = 0;
  std::size_t commands_under_way_ = 0;
  std::deque<DueCheck> waiting_commands_;
  std::shared_ptr<Engine*> self_;  ///< gone with the engine: results that come later are dropped
};

}  // namespace ballast::health
