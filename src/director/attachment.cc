#include "director/attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/fd.h"
#include "director/bpffs.h"

namespace ballast::director {
namespace {

// linux/bpf.h of kernel 6.6.
constexpr auto bpf_tcx_ingress = static_cast<bpf_attach_type>(46);
constexpr auto bpf_tcx_egress = static_cast<bpf_attach_type>(47);

// Where our filter stands among those of clsact, which tells it from others'.
constexpr std::uint32_t clsact_handle = 0xba11;
constexpr std::uint32_t clsact_priority = 0xba;

std::string xdp_pin(const std::string& directory, const std::string& interface) {
  return directory + "/xdp-" + without_dots(interface);
}
std::string tc_pin(const std::string& directory, TcPoint point, const std::string& interface) {
  return directory + (point == TcPoint::ingress ? "/tc-" : "/out-") + without_dots(interface);
}

bpf_tc_attach_point clsact_point(TcPoint point) { return point == TcPoint::ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS; }

/// A pinned link and the interface it is on (0: that interface is gone).
struct PinnedLink {
  Fd link;
  std::uint32_t interface_index = 0;
};

std::optional<PinnedLink> pinned_link(const std::string& pin) {
  PinnedLink found{Fd(bpf_obj_get(pin.c_str()))};
  if (!found.link) return std::nullopt;
  // A TCX link tells its interface in the place where an XDP link does: the first word of the union.
  bpf_link_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(found.link.get(), &info, &length) == 0) found.interface_index = info.xdp.ifindex;
  return found;
}

/// Ends a pinned link at once. Without its detachment it would stand until the kernel has forgotten the pin, a grace
/// period later, and TCX would refuse the same program meanwhile. False where there is none.
bool end_pinned(const std::string& pin) {
  const auto existing = pinned_link(pin);
  if (!existing) return false;
  bpf_link_detach(existing->link.get());
  unlink(pin.c_str());
  return true;
}

/// Puts `program` in the place of what a pinned link runs. False where there is no such link on that interface.
Result<bool> replace_pinned(const std::string& pin, const AttachTarget& target, int program) {
  const auto existing = pinned_link(pin);
  if (!existing) return false;
  if (existing->interface_index != target.index) {
    unlink(pin.c_str());
    return false;
  }
  if (bpf_link_update(existing->link.get(), program, nullptr) != 0) {
    return fail_errno(fmt::format("cannot replace the packet program on {}", target.name));
  }
  return true;
}

Result<void> pin_link(int link, const std::string& pin) {
  if (bpf_obj_pin(link, pin.c_str()) != 0) return fail_errno(fmt::format("cannot pin {}", pin));
  return {};
}

bpf_tc_hook clsact_hook(std::uint32_t interface_index, TcPoint point) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(interface_index);
  hook.attach_point = clsact_point(point);
  return hook;
}

bpf_tc_opts clsact_filter() {
  bpf_tc_opts filter{};
  filter.sz = sizeof filter;
  filter.handle = clsact_handle;
  filter.priority = clsact_priority;
  return filter;
}

Result<void> attach_clsact(const AttachTarget& target, TcPoint point, int program) {
  auto hook = clsact_hook(target.index, point);
  if (const int code = bpf_tc_hook_create(&hook); code != 0 && code != -EEXIST) {
    return fail_errno(fmt::format("cannot make the clsact hook on {}", target.name), -code);
  }
  auto options = clsact_filter();
  options.prog_fd = program;
  options.flags = BPF_TC_F_REPLACE;
  if (const int code = bpf_tc_attach(&hook, &options); code != 0) {
    return fail_errno(fmt::format("cannot attach the packet program to clsact of {}", target.name), -code);
  }
  return {};
}

}  // namespace

Result<void> attach_xdp(const AttachTarget& target, int program, bool generic, const std::string& directory) {
  const std::string pin = xdp_pin(directory, target.name);
  auto replaced = replace_pinned(pin, target, program);
  if (!replaced) return std::unexpected(replaced.error());
  if (*replaced) return {};
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
  const Fd link(bpf_link_create(program, static_cast<int>(target.index), BPF_XDP, &options));
  if (!link) {
    const int code = errno;
    if (code == EBUSY || code == EEXIST) {
      return fail(
          fmt::format("{} already carries an XDP program of somebody else: take it away (ip link set dev {} xdp off) "
                      "or set 'hook: tc'",
                      target.name, target.name),
          EBUSY);
    }
    if (code == EOPNOTSUPP) {
      return fail(fmt::format("the driver of {} has no native XDP: set 'hook: auto' or 'hook: tc'", target.name), code);
    }
    return fail_errno(fmt::format("cannot attach the XDP program to {} (try 'hook: tc')", target.name), code);
  }
  return pin_link(link.get(), pin);
}

Result<void> attach_tc(const AttachTarget& target, TcPoint point, int program, const std::string& directory) {
  const std::string pin = tc_pin(directory, point, target.name);
  const auto type = point == TcPoint::ingress ? bpf_tcx_ingress : bpf_tcx_egress;
  auto replaced = replace_pinned(pin, target, program);
  if (!replaced) return std::unexpected(replaced.error());
  if (*replaced) return {};
  const Fd link(bpf_link_create(program, static_cast<int>(target.index), type, nullptr));
  if (link) return pin_link(link.get(), pin);
  if (errno != EINVAL && errno != EOPNOTSUPP) {
    return fail_errno(fmt::format("cannot attach the packet program to TC of {}", target.name));
  }
  return attach_clsact(target, point, program);
}

void detach_xdp(const std::string& interface, const std::string& directory) {
  end_pinned(xdp_pin(directory, interface));
}

bool detach_tc(const std::string& interface, TcPoint point, const std::string& directory) {
  const bool pinned = end_pinned(tc_pin(directory, point, interface));
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) return pinned;
  const auto hook = clsact_hook(index, point);
  const auto options = clsact_filter();
  return bpf_tc_detach(&hook, &options) == 0 || pinned;
}

void detach(const std::string& interface, const std::string& directory) {
  detach_xdp(interface, directory);
  detach_tc(interface, TcPoint::ingress, directory);
  detach_tc(interface, TcPoint::egress, directory);
}

std::vector<std::string> attached_interfaces(const std::string& directory) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename();
    for (const std::string prefix : {"xdp-", "tc-"}) {
      if (name.starts_with(prefix)) names.insert(with_dots(name.substr(prefix.size())));
    }
  }
  return {names.begin(), names.end()};
}

bool is_at_tc(const AttachTarget& target, TcPoint point, const std::string& directory) {
  if (const auto link = pinned_link(tc_pin(directory, point, target.name))) {
    return link->interface_index == target.index;
  }
  const auto hook = clsact_hook(target.index, point);
  auto options = clsact_filter();
  return bpf_tc_query(&hook, &options) == 0;
}

bool xdp_is_ours(const AttachTarget& target, const std::string& directory) {
  const auto link = pinned_link(xdp_pin(directory, target.name));
  return link && link->interface_index == target.index;
}

}  // namespace ballast::director
