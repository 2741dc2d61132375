// At most one daemon for an instance.
#pragma once

#include <string>

#include "base/error.h"
#include "base/fd.h"

namespace ballast::control {

/// Held while a daemon (or `ballast stop`) works on an instance; the kernel lets it go when the process ends, however
/// it ends.
class InstanceLock {
 public:
  /// Makes the runtime directory of `instance` (0755) where it is missing, and takes its lock. EBUSY: another process
  /// has it; the message says which.
  static Result<InstanceLock> take(const std::string& instance);

  /// Removes the lock's file, and the runtime directory where nothing else is in it. Whoever waits for the lock makes
  /// both anew.
  void remove() const;

 private:
  InstanceLock(Fd file, std::string directory) : file_(std::move(file)), directory_(std::move(directory)) {}
  Fd file_;
  std::string directory_;
};

}  // namespace ballast::control
