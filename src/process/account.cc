#include "process/account.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace ballast::process {
namespace {

constexpr std::size_t entry_bytes = 16384;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [rest, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc{} || rest != text.data() + text.size()) return {};
  return value;
}

Result<gid_t> find_group(const std::string& name) {
  group entry{};
  group* found = nullptr;
  std::array<char, entry_bytes> text{};
  if (const int wrong = ::getgrnam_r(name.c_str(), &entry, text.data(), text.size(), &found); wrong != 0) {
    return fail_errno(fmt::format("group '{}'", name), wrong);
  }
  if (found != nullptr) return found->gr_gid;
  if (const auto id = number(name)) return *id;
  return fail(fmt::format("there is no group '{}'", name), ENOENT);
}

std::vector<gid_t> groups_of(const char* user, gid_t first) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(user, first, groups.data(), &count) < 0) {
    groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(user, first, groups.data(), &count);
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

Result<Account> find_account(std::string_view text) {
  const auto colon = text.find(':');
  const std::string user(text.substr(0, colon));
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, entry_bytes> room{};
  int wrong = ::getpwnam_r(user.c_str(), &entry, room.data(), room.size(), &found);
  const auto id = number(user);
  if (wrong == 0 && found == nullptr && id) wrong = ::getpwuid_r(*id, &entry, room.data(), room.size(), &found);
  if (wrong != 0) return fail_errno(fmt::format("user '{}'", user), wrong);
  if (found == nullptr && !id) return fail(fmt::format("there is no user '{}'", user), ENOENT);

  Account account;
  account.user = found != nullptr ? found->pw_uid : *id;
  if (colon != std::string_view::npos) {
    const auto group = find_group(std::string(text.substr(colon + 1)));
    if (!group) return std::unexpected(group.error());
    account.group = *group;
    account.groups = {*group};
    return account;
  }
  if (found == nullptr) return fail(fmt::format("user {} has no name and so no group; write USER:GROUP", user), ENOENT);
  account.group = found->pw_gid;
  account.groups = groups_of(found->pw_name, found->pw_gid);
  return account;
}

}  // namespace ballast::process
