#include "realserver/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "bpf/realserver.skel.h"
#include "realserver/tc.h"

namespace ballast::realserver {
namespace {

constexpr std::string_view ingress_name = "ballast_decap";
constexpr std::string_view egress_name = "ballast_mss";

thread_local std::string* collected = nullptr;  // libbpf's print callback has no argument of the caller's

__attribute__((format(printf, 2, 0))) int collect(libbpf_print_level level, const char* format, va_list arguments) {
  if (collected == nullptr || level == LIBBPF_DEBUG) return 0;
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length <= 0) return 0;
  const std::size_t before = collected->size();
  collected->resize(before + static_cast<std::size_t>(length) + 1);
  std::vsnprintf(collected->data() + before, static_cast<std::size_t>(length) + 1, format, arguments);
  collected->pop_back();
  return 0;
}

/// While it lives, libbpf's messages go into text() instead of to stderr.
class LibbpfMessages {
 public:
  LibbpfMessages() : print_(libbpf_set_print(collect)) { collected = &text_; }
  LibbpfMessages(const LibbpfMessages&) = delete;
  LibbpfMessages& operator=(const LibbpfMessages&) = delete;
  ~LibbpfMessages() {
    collected = nullptr;
    libbpf_set_print(print_);
  }

  /// The verifier's complaint, which is the line before its summary, else the last message.
  [[nodiscard]] std::string complaint() const {
    std::string_view rest = text_;
    if (const auto summary = rest.find("\nprocessed "); summary != std::string_view::npos)
      rest = rest.substr(0, summary);
    while (rest.ends_with('\n')) rest.remove_suffix(1);
    const auto line = rest.rfind('\n');
    return std::string(line == std::string_view::npos ? rest : rest.substr(line + 1));
  }

 private:
  libbpf_print_fn_t print_;
  std::string text_;
};

bpf_tc_hook hook_of(const InterfaceName& interface, bpf_tc_attach_point point) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(interface.index);
  hook.attach_point = point;
  return hook;
}

bpf_tc_attach_point point_of(Direction direction) {
  return direction == Direction::ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

bpf_tc_opts our_place() {
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.handle = filter_handle;
  options.priority = filter_priority;
  return options;
}

const char* side(Direction direction) { return direction == Direction::ingress ? "ingress" : "egress"; }

/// The name of a loaded program; empty where this process may not ask.
std::string name_of(std::uint32_t program_id) {
  const Fd program(bpf_prog_get_fd_by_id(program_id));
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) return {};
  return info.name;
}

/// Lets `map` be the running one where both have the same shape.
void reuse(bpf_map* map, const Fd& running) {
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  if (!running || bpf_obj_get_info_by_fd(running.get(), &info, &size) != 0) return;
  if (info.type != static_cast<std::uint32_t>(bpf_map__type(map)) || info.key_size != bpf_map__key_size(map) ||
      info.value_size != bpf_map__value_size(map) || info.max_entries != bpf_map__max_entries(map)) {
    return;
  }
  bpf_map__reuse_fd(map, running.get());
}

Fd duplicate(const bpf_map* map) { return Fd(::fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0)); }

}  // namespace

std::string program_version() {
  std::size_t size = 0;
  const auto* bytes = static_cast<const unsigned char*>(realserver_bpf__elf_bytes(&size));
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

Result<Place> place(const InterfaceName& interface, Direction direction) {
  const LibbpfMessages quiet;
  const auto hook = hook_of(interface, point_of(direction));
  auto options = our_place();
  const int rc = bpf_tc_query(&hook, &options);
  if (rc == 0) {
    const std::string name = name_of(options.prog_id);
    const auto ours = direction == Direction::ingress ? ingress_name : egress_name;
    return Place{options.prog_id, !name.empty() && name != ours};
  }
  const auto others = filters(interface.index, direction);
  if (!others) return std::unexpected(others.error());
  Place found;
  for (const auto& filter : *others) {
    if (filter.priority == filter_priority) found = Place{0, true};
  }
  return found;
}

void Programs::Destroy::operator()(realserver_bpf* object) const { realserver_bpf__destroy(object); }

Result<Programs> Programs::load(std::uint32_t running_program_id) {
  const LibbpfMessages messages;
  Programs programs(realserver_bpf__open());
  if (!programs.object_) return fail_errno("cannot read the built-in packet programs");
  if (running_program_id != 0) {
    const auto running = Maps::of_program(running_program_id);
    if (!running) return std::unexpected(running.error());
    const auto& maps = programs.object_->maps;
    reuse(maps.rs_vips, running->vips_);
    reuse(maps.rs_local, running->local_);
    reuse(maps.rs_settings, running->settings_);
    reuse(maps.rs_counters, running->counters_);
  }
  if (const int rc = realserver_bpf__load(programs.object_.get()); rc != 0) {
    return fail(
        fmt::format("the kernel refuses the packet programs ({}; {}); kernel 6.1 or newer with CONFIG_BPF_SYSCALL "
                    "and root are needed",
                    std::strerror(-rc), messages.complaint()),
        -rc);
  }
  return programs;
}

Result<Maps> Programs::maps() const {
  const auto& maps = object_->maps;
  Maps all(duplicate(maps.rs_vips), duplicate(maps.rs_local), duplicate(maps.rs_settings), duplicate(maps.rs_counters));
  if (!all.vips_ || !all.local_ || !all.settings_ || !all.counters_)
    return fail_errno("cannot open the programs' maps");
  return all;
}

Result<void> Programs::attach(const InterfaceName& interface, Direction direction, bool replace) const {
  const LibbpfMessages messages;
  const auto hook = hook_of(interface, point_of(direction));
  auto options = our_place();
  const auto& programs = object_->progs;
  options.prog_fd = bpf_program__fd(direction == Direction::ingress ? programs.ballast_decap : programs.ballast_mss);
  options.flags = replace ? BPF_TC_F_REPLACE : 0;
  const int rc = bpf_tc_attach(&hook, &options);
  if (rc == 0) return {};
  return fail(
      fmt::format("cannot attach the packet program at {} of {} ({}; {}): tc filter show dev {} {} tells what is "
                  "there; the kernel needs CONFIG_NET_CLS_BPF",
                  side(direction), interface.name, std::strerror(-rc), messages.complaint(), interface.name,
                  side(direction)),
      -rc);
}

Result<void> detach(const InterfaceName& interface, Direction direction) {
  const LibbpfMessages messages;
  const auto hook = hook_of(interface, point_of(direction));
  const auto options = our_place();
  const int rc = bpf_tc_detach(&hook, &options);
  if (rc == 0 || rc == -ENOENT || rc == -ENODEV) return {};
  return fail(fmt::format("cannot detach the packet program at {} of {}: {}", side(direction), interface.name,
                          std::strerror(-rc)),
              -rc);
}

Result<void> add_hook(const InterfaceName& interface) {
  const LibbpfMessages messages;
  auto hook = hook_of(interface, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  const int rc = bpf_tc_hook_create(&hook);
  if (rc == 0 || rc == -EEXIST) return {};
  return fail(fmt::format("cannot add a clsact qdisc to {}: {}; the kernel needs CONFIG_NET_SCH_INGRESS",
                          interface.name, std::strerror(-rc)),
              -rc);
}

Result<void> remove_hook(const InterfaceName& interface) {
  const LibbpfMessages messages;
  auto hook = hook_of(interface, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  const int rc = bpf_tc_hook_destroy(&hook);
  if (rc == 0 || rc == -ENOENT || rc == -EINVAL) return {};
  return fail(fmt::format("cannot remove the clsact qdisc of {}: {}", interface.name, std::strerror(-rc)), -rc);
}

}  // namespace ballast::realserver
