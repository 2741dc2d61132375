#include "director/bpffs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"

namespace ballast::director {
namespace {

constexpr const char* system_mount = "/sys/fs/bpf";
constexpr const char* own_mount = "/run/ballast/bpf";

bool is_bpffs(const std::string& path) {
  struct statfs info{};
  return statfs(path.c_str(), &info) == 0 && static_cast<unsigned long>(info.f_type) == BPF_FS_MAGIC;
}

std::optional<ino_t> mount_namespace(const std::string& process) {
  struct stat info{};
  if (stat(fmt::format("/proc/{}/ns/mnt", process).c_str(), &info) != 0) return std::nullopt;
  return info.st_ino;
}

pid_t parent_of(pid_t process) {
  std::ifstream status(fmt::format("/proc/{}/status", process));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("PPid:")) return static_cast<pid_t>(std::strtol(line.c_str() + 5, nullptr, 10));
  }
  return 0;
}

/// Process 1 and this process's ancestors, outermost first, as far as their mounts may be looked at and are others than
/// ours.
std::vector<std::string> outer_processes() {
  const auto own = mount_namespace("self");
  std::vector<std::string> found;
  for (pid_t process = getppid(); process > 1; process = parent_of(process)) {
    found.insert(found.begin(), std::to_string(process));
  }
  found.insert(found.begin(), "1");
  std::erase_if(found, [&](const std::string& process) {
    const auto other = mount_namespace(process);
    return !other || other == own;
  });
  return found;
}

/// A path to a directory that another process sees, good for as long as this process lives.
std::optional<std::string> seen_by(const std::string& process, const char* directory) {
  const std::string path = fmt::format("/proc/{}/root{}", process, directory);
  if (!is_bpffs(path)) return std::nullopt;
  static std::vector<Fd> held;
  held.emplace_back(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return fmt::format("/proc/self/fd/{}", held.back().get());
}

int mount_here() {
  std::error_code error;
  std::filesystem::create_directories(own_mount, error);
  return mount("bpf", own_mount, "bpf", 0, "mode=0700") == 0 ? 0 : errno;
}

/// Mounts where another process sees it, from a child: a process with threads cannot change its own mount namespace.
int mount_for(const std::string& process) {
  const pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    const Fd space(::open(fmt::format("/proc/{}/ns/mnt", process).c_str(), O_RDONLY | O_CLOEXEC));
    if (!space || setns(space.get(), CLONE_NEWNS) != 0) _exit(errno);
    _exit(mount_here());
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

Result<std::string> root() {
  if (is_bpffs(own_mount)) return own_mount;
  if (is_bpffs(system_mount)) return system_mount;
  const auto outer = outer_processes();
  for (const auto& process : outer) {
    for (const char* directory : {own_mount, system_mount}) {
      if (auto path = seen_by(process, directory)) return *path;
    }
  }
  for (const auto& process : outer) {
    if (mount_for(process) != 0) continue;
    if (auto path = seen_by(process, own_mount)) return *path;
  }
  if (const int code = mount_here(); code != 0) {
    return fail(fmt::format("cannot mount a BPF file system on {} ({}): mount one yourself with: mount -t bpf bpf {}",
                            own_mount, std::strerror(code), system_mount),
                code);
  }
  return own_mount;
}

}  // namespace

Result<std::string> pin_directory(const std::string& instance) {
  auto base = root();
  if (!base) return base;
  std::string directory = fmt::format("{}/ballast/{}", *base, without_dots(instance));
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(fmt::format("cannot make {}: {}", directory, error.message()), error.value());
  return directory;
}

std::string without_dots(std::string name) {
  std::ranges::replace(name, '.', ',');
  return name;
}

std::string with_dots(std::string name) {
  std::ranges::replace(name, ',', '.');
  return name;
}

void remove_pins_in(const std::string& directory) {
  std::error_code error;
  for (const auto& pin : std::filesystem::directory_iterator(directory, error))
    std::filesystem::remove(pin.path(), error);
}

void remove_pin_directory(const std::string& directory) {
  remove_pins_in(directory);
  std::error_code error;
  std::filesystem::remove(directory, error);
}

}  // namespace ballast::director
