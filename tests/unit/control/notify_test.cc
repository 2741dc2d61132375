#include "control/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <string>

#include "base/fd.h"
#include "tests/unit/control/temporary_directory.h"

namespace ballast::control {
namespace {

/// What a service manager bound to `name` ('@': abstract) is told.
std::string told(const std::string& name) {
  const Fd manager(::socket(AF_UNIX, SOCK_DGRAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  if (name.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  EXPECT_EQ(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  notify_manager("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
  char text[64] = {};
  const ssize_t got = ::recv(manager.get(), text, sizeof text, MSG_DONTWAIT);
  return {text, got > 0 ? static_cast<std::size_t>(got) : 0};
}

TEST(Notify, ReachesASocketInTheFileSystem) {
  const TemporaryDirectory directory;
  EXPECT_EQ(told(directory / "notify"), "READY=1");
}

TEST(Notify, ReachesAnAbstractSocket) { EXPECT_EQ(told("@ballast-test-" + std::to_string(::getpid())), "READY=1"); }

}  // namespace
}  // namespace ballast::control
