// A file of ipvsadm rules, as ipvsadm-save writes it, as a whole.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/ipvsadm/names.h"
#include "cluster/model.h"

namespace ballast::ipvsadm {

struct Rules {
  std::vector<cluster::VirtualService> services;
  cluster::Timeouts timeouts{std::chrono::seconds(0), std::chrono::seconds(0),
                             std::chrono::seconds(0)};  ///< 0: not set
};

/// True where the first line that is neither empty nor a comment is a rule and not YAML.
bool looks_like_rules(std::string_view text);

/// What the rules make of an empty table. Lines that begin with "#" are comments. `file_name` is for messages only. The
/// Error (EINVAL) is the first line that is wrong, "FILE:LINE: message": nothing may be applied then.
Result<Rules> read_rules(std::string_view text, const std::string& file_name, const Names& names);

}  // namespace ballast::ipvsadm
