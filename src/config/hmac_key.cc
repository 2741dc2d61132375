#include "config/hmac_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

#include "base/fd.h"

namespace ballast::config {
namespace {

constexpr std::size_t shortest = 32;
constexpr std::size_t longest = 64;
constexpr std::string_view hex_prefix = "hex:";
constexpr std::string_view file_prefix = "file:";

Result<std::string> from_hex(std::string_view digits) {
  std::string bytes;
  for (; digits.size() >= 2; digits.remove_prefix(2)) {
    const std::string_view pair = digits.substr(0, 2);
    std::uint8_t byte = 0;
    const auto [end, wrong] = std::from_chars(pair.begin(), pair.end(), byte, 16);
    if (wrong != std::errc{} || end != pair.end()) break;
    bytes.push_back(static_cast<char>(byte));
  }
  if (!digits.empty()) return fail("is not hexadecimal: write two digits for each byte");
  return bytes;
}

Result<std::string> from_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about{};
  if (!file || ::fstat(file.get(), &about) != 0) return fail_errno(path);
  if (!S_ISREG(about.st_mode)) return fail(fmt::format("{} is not a file", path));
  std::array<char, hex_prefix.size() + 2 * longest + 8> room{};
  const ssize_t size = ::read(file.get(), room.data(), room.size());
  if (size < 0) return fail_errno(path);
  std::string_view text(room.data(), static_cast<std::size_t>(size));
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

Result<cluster::HmacKey> read_hmac_key(std::uint8_t id, std::string written) {
  Result<std::string> secret = written;
  if (written.starts_with(file_prefix)) secret = from_file(written.substr(file_prefix.size()));
  if (secret && secret->starts_with(hex_prefix)) secret = from_hex(std::string_view(*secret).substr(hex_prefix.size()));
  if (!secret) return std::unexpected(secret.error());
  if (secret->size() < shortest || secret->size() > longest) {
    return fail(fmt::format("a key has {} to {} bytes, this one has {}", shortest, longest, secret->size()));
  }
  return cluster::HmacKey{.id = id, .secret = std::move(*secret), .written = std::move(written)};
}

}  // namespace ballast::config
