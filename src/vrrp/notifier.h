// Tells of changes: commands and a FIFO, in keepalived's form. For an io_context that may be held up.
#pragma once

#include <boost/asio/io_context.hpp>

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "base/fd.h"
#include "cluster/vrrp.h"
#include "vrrp/router.h"

namespace ballast::vrrp {

/// Something that happened to an instance or a group.
struct Event {
  enum class Kind : std::uint8_t { state, stopped, deleted, priority, lower_priority };
  Kind kind = Kind::state;
  bool of_group = false;
  std::string name;
  State state = State::initialize;
  std::uint8_t priority = 0;
  cluster::VrrpNotify notify;
};

/// keepalived's word for what happened: "MASTER", "BACKUP", "FAULT", "STOP", "DELETED", "MASTER_PRIORITY",
/// "MASTER_RX_LOWER_PRI".
std::string word_of(const Event& event);
/// The line of the FIFO without its end: INSTANCE "edge" MASTER 100
std::string fifo_line(const Event& event);
/// The commands that the event calls for, in their order.
std::vector<std::string> commands_of(const Event& event);

class Notifier {
 public:
  explicit Notifier(boost::asio::io_context& context) : context_(context) {}
  ~Notifier();

  /// Makes the FIFO where there is none, and starts what reads it.
  void configure(const std::string& fifo, const std::string& fifo_command);
  /// Commands of one instance run one after another.
  void notify(const Event& event);
  /// Runs until no command is left, or that time is over.
  void finish(std::chrono::milliseconds limit);

 private:
  struct Job {
    std::string command;
    std::string user;
  };
  void write_line(const std::string& line);
  void start_next(const std::string& name);

  boost::asio::io_context& context_;
  std::map<std::string, std::deque<Job>> jobs_;  ///< the first one of each runs
  std::string fifo_path_;
  std::string fifo_command_;
  Fd fifo_;
  bool fifo_full_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace ballast::vrrp
