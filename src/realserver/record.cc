#include "realserver/record.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/fd.h"
#include "base/instance.h"

namespace ballast::realserver {
namespace {

constexpr int so_netns_cookie = 71;  // SO_NETNS_COOKIE, kernel 5.14

Result<void> write_and_close(Fd file, const std::string& name, const std::string& text) {
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::fsync(file.get()) != 0) {
    return fail_errno(fmt::format("cannot write {}", name));
  }
  return {};
}

}  // namespace

Result<std::string> namespace_identity() {
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::string identity;
  if (!std::getline(boot, identity)) return fail("cannot read /proc/sys/kernel/random/boot_id: is /proc mounted?");
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (!socket || ::getsockopt(socket.get(), SOL_SOCKET, so_netns_cookie, &cookie, &size) != 0) {
    return fail_errno("cannot tell this network namespace from others (SO_NETNS_COOKIE)");
  }
  return fmt::format("{}/{}", identity, cookie);
}

std::string record_file(const std::string& instance) {
  const std::filesystem::path directory = runtime_directory(instance);
  return directory.parent_path() / fmt::format("realserver-{}.json", instance);
}

Result<Record> load_record(const std::string& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return Record{};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail_errno(fmt::format("cannot read {}, the record of earlier changes", file));
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  const auto identity = namespace_identity();
  if (!identity) return std::unexpected(identity.error());
  auto record = read_record(text, *identity);
  if (!record) return fail(fmt::format("{}: {}", file, record.error().message), record.error().code);
  return record;
}

Result<void> save_record(const std::string& file, const Record& record) {
  std::error_code error;
  if (record.done.empty() && record.program_version.empty()) {
    std::filesystem::remove(file, error);
    if (error) return fail_errno(fmt::format("cannot remove {}", file), error.value());
    return {};
  }
  const auto identity = namespace_identity();
  if (!identity) return std::unexpected(identity.error());
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), error);
  const std::string fresh = file + ".new";
  Fd stream(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!stream) return fail_errno(fmt::format("cannot write {}", fresh));
  if (auto done = write_and_close(std::move(stream), fresh, write_record(record, *identity)); !done) return done;
  if (::rename(fresh.c_str(), file.c_str()) != 0) return fail_errno(fmt::format("cannot write {}", file));
  return {};
}

}  // namespace ballast::realserver
