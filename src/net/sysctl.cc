#include "net/sysctl.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ranges>

#include "base/fd.h"

namespace ballast::net {
namespace {

std::unexpected<Error> failed(std::string_view what, std::string_view name, int code) {
  std::string_view remedy;
  if (code == ENOENT) remedy = "; this kernel has no such parameter, or there is no such interface";
  if (code == EACCES || code == EPERM || code == EROFS) remedy = "; run as root where /proc/sys is writable";
  return fail(fmt::format("cannot {} the kernel parameter {}: {}{}", what, name, std::strerror(code), remedy), code);
}

std::string with_slashes(std::string_view name) {
  std::string path(name);
  const auto first = path.find_first_of("./");
  if (first == std::string::npos || path[first] == '/') return path;
  for (char& c : path) {
    if (c == '.') {
      c = '/';
    } else if (c == '/') {
      c = '.';
    }
  }
  return path;
}

}  // namespace

Result<std::string> sysctl_file(std::string_view name) {
  const std::string path = with_slashes(name);
  for (const auto part : std::views::split(path, '/')) {
    const std::string_view text(part.begin(), part.end());
    if (text.empty() || text == "." || text == "..") {
      return fail(
          fmt::format("\"{}\" is no name of a kernel parameter; write it as net.ipv4.conf.all.arp_ignore", name),
          EINVAL);
    }
  }
  if (path.empty()) return fail("the name of a kernel parameter is empty", EINVAL);
  return "/proc/sys/" + path;
}

Result<std::string> read_sysctl(std::string_view name) {
  const auto file = sysctl_file(name);
  if (!file) return std::unexpected(file.error());
  const Fd fd(::open(file->c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return failed("read", name, errno);
  std::string value;
  char part[4096];
  for (;;) {
    const ssize_t size = ::read(fd.get(), part, sizeof part);
    if (size < 0) return failed("read", name, errno);
    if (size == 0) break;
    value.append(part, static_cast<std::size_t>(size));
  }
  while (value.ends_with('\n')) value.pop_back();
  return value;
}

Result<void> set_sysctl(std::string_view name, std::string_view value) {
  const auto file = sysctl_file(name);
  if (!file) return std::unexpected(file.error());
  const Fd fd(::open(file->c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return failed("set", name, errno);
  const std::string line = fmt::format("{}\n", value);
  const ssize_t size = ::write(fd.get(), line.data(), line.size());
  if (size != static_cast<ssize_t>(line.size())) return failed("set", name, size < 0 ? errno : EIO);
  return {};
}

}  // namespace ballast::net
