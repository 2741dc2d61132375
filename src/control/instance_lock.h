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

 private:
  explicit InstanceLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

}  // namespace ballast::control
