// Who a command runs as.
#pragma once

#include <sys/types.h>

#include <string_view>
#include <vector>

#include "base/error.h"

namespace ballast::process {

struct Account {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  ///< all of them
};

/// Reads "USER" or "USER:GROUP", by name or number. Without a group: the user's own ones. ENOENT: there is no such user
/// or group.
Result<Account> find_account(std::string_view text);

}  // namespace ballast::process
