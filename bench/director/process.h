// Commands run as child processes.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace ballast::bench {

using Command = std::vector<std::string>;

/// Runs a command to its end and gives what it printed to standard output. A status other than 0 is an error.
Result<std::string> run(const Command& command);

/// `ip netns exec NAMESPACE COMMAND...`
Command within(const std::string& network_namespace, Command command);

/// A command that runs beside this program. The destructor ends it, by SIGTERM and if that does not help by SIGKILL.
class Background {
 public:
  Background() = default;
  /// Starts the command, its output going to the file `log`. It is not in the terminal's foreground process group.
  static Result<Background> start(const Command& command, const std::string& log);
  Background(Background&& other) noexcept;
  Background& operator=(Background&& other) noexcept;
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();

  [[nodiscard]] bool ended();

 private:
  pid_t pid_ = 0;
};

}  // namespace ballast::bench
