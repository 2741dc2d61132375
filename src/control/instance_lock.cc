#include "control/instance_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/instance.h"

namespace ballast::control {
namespace {

Result<void> make_directory(const std::string& path) {
  std::error_code wrong;
  std::filesystem::create_directories(path, wrong);
  if (wrong) {
    return fail(fmt::format("{}: {}: run this as root, or set BALLAST_RUNTIME_DIRECTORY", path, wrong.message()),
                wrong.value());
  }
  if (::chmod(path.c_str(), 0755) != 0) return fail_errno(path);
  return {};
}

std::string holder(int file) {
  char text[32] = {};
  const ssize_t length = ::pread(file, text, sizeof text - 1, 0);
  const std::string_view pid(text, length > 0 ? static_cast<std::size_t>(length) : 0);
  return std::string(pid.substr(0, pid.find('\n')));
}

/// False where `path` leads to another file by now, or to none: then the lock on this one locks nobody out.
bool is_at(const std::string& path, int file) {
  struct stat there{};
  struct stat here{};
  return ::stat(path.c_str(), &there) == 0 && ::fstat(file, &here) == 0 && there.st_ino == here.st_ino &&
         there.st_dev == here.st_dev;
}

}  // namespace

Result<InstanceLock> InstanceLock::take(const std::string& instance) {
  const std::string directory = runtime_directory(instance);
  const std::string path = directory + "/lock";
  while (true) {
    if (auto made = make_directory(directory); !made) return std::unexpected(made.error());
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!file && errno == ENOENT) continue;  // whoever had the lock removed the directory
    if (!file) return fail_errno(path);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return fail_errno(path);
      return fail(
          fmt::format("instance '{}' is already run by process {}: end that one first, or take another --instance",
                      instance, holder(file.get())),
          EBUSY);
    }
    if (!is_at(path, file.get())) continue;
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), pid.data(), pid.size(), 0) < 0) return fail_errno(path);
    return InstanceLock(std::move(file), directory);
  }
}

void InstanceLock::remove() const {
  ::unlink((directory_ + "/lock").c_str());
  ::rmdir(directory_.c_str());
}

}  // namespace ballast::control
