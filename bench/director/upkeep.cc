#include "upkeep.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace ballast::bench {
namespace {

namespace abi {
#include "bpf/abi.h"
}

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds idle_time{5};
constexpr std::chrono::seconds timeout{
    10};  ///< of the connections that are to be over; longer than it takes to refresh them
constexpr std::chrono::seconds patience{120};
constexpr std::chrono::milliseconds look_again{50};

/// A map that a program uses, by its name there.
Result<Fd> map_of(int program, std::string_view name) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(program, &info, &length) != 0) return fail_errno("cannot read what maps a program has");
  std::vector<std::uint32_t> ids(info.nr_map_ids);
  info = {};
  info.nr_map_ids = static_cast<std::uint32_t>(ids.size());
  info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
  if (bpf_obj_get_info_by_fd(program, &info, &length) != 0) return fail_errno("cannot read what maps a program has");
  for (const std::uint32_t id : ids) {
    Fd map(bpf_map_get_fd_by_id(id));
    bpf_map_info about{};
    length = sizeof about;
    if (map && bpf_obj_get_info_by_fd(map.get(), &about, &length) == 0 && name == about.name) return map;
  }
  return fail(fmt::format("the program under test has no map {}", name));
}

Result<std::uint64_t> locked_bytes(const Fd& map) {
  std::ifstream facts(fmt::format("/proc/self/fdinfo/{}", map.get()));
  std::string word;
  while (facts >> word) {
    std::uint64_t bytes = 0;
    if (word == "memlock:" && facts >> bytes) return bytes;
  }
  return fail("the kernel does not tell how much memory a map takes");
}

/// The values that programs write, in this process's memory.
class Live {
 public:
  static Result<Live> open(int program) {
    auto map = map_of(program, ".data.live");
    if (!map) return std::unexpected(map.error());
    void* memory = mmap(nullptr, sizeof(abi::live), PROT_READ | PROT_WRITE, MAP_SHARED, map->get(), 0);
    if (memory == MAP_FAILED) return fail_errno("cannot map the values that programs write");
    return Live(static_cast<volatile abi::live*>(memory));
  }
  Live(Live&& other) noexcept : values_(std::exchange(other.values_, nullptr)) {}
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;
  Live& operator=(Live&&) = delete;
  ~Live() {
    if (values_ != nullptr) munmap(const_cast<abi::live*>(values_), sizeof(abi::live));
  }
  volatile abi::live* operator->() const { return values_; }

 private:
  explicit Live(volatile abi::live* values) : values_(values) {}
  volatile abi::live* values_;
};

Result<void> let_expire(Generator& generator, const Daemon& daemon, Method method, std::uint32_t expired) {
  if (auto set = daemon.set_tcp_timeout(timeout); !set) return set;
  const auto pumped = generator.pump(method, Kind::ack, Order::in_turn, {0, expired}, expired);
  if (!pumped) return std::unexpected(pumped.error());
  if (pumped->as_expected != expired) return fail("packets were lost while connections were to be refreshed");
  return {};
}

}  // namespace

Result<Upkeep> measure_upkeep(Generator& generator, const Daemon& daemon, Method method, std::uint32_t connections,
                              std::uint32_t open, std::uint32_t expired, const std::atomic<bool>& stop) {
  Upkeep upkeep{.connections = connections, .open = open, .expired = expired};
  const auto table = map_of(generator.program_under_test(), "connections");
  if (!table) return std::unexpected(table.error());
  const auto bytes = locked_bytes(*table);
  if (!bytes) return std::unexpected(bytes.error());
  upkeep.table_bytes = *bytes;
  const auto live = Live::open(generator.program_under_test());
  if (!live) return std::unexpected(live.error());

  std::uint64_t ns_before = (*live)->sweep_ns;
  auto began = Clock::now();
  std::this_thread::sleep_for(idle_time);
  const std::chrono::duration<double, std::nano> idle = Clock::now() - began;
  upkeep.idle_share = static_cast<double>((*live)->sweep_ns - ns_before) / idle.count();

  if (auto begun = let_expire(generator, daemon, method, expired); !begun) return std::unexpected(begun.error());
  const std::int64_t left = std::int64_t{open} - expired;
  ns_before = (*live)->sweep_ns;
  const std::uint64_t runs_before = (*live)->sweep_runs;
  (*live)->sweep_longest_ns = 0;
  began = Clock::now();
  while ((*live)->connections > left) {
    if (stop) return fail("stopped", EINTR);
    if (Clock::now() - began > patience)
      return fail(fmt::format("{} connections are left, not {}", (*live)->connections, left));
    std::this_thread::sleep_for(look_again);
  }
  if ((*live)->connections != left)
    return fail(fmt::format("{} connections are left, not {}", (*live)->connections, left));
  upkeep.expiry_seconds = static_cast<double>((*live)->sweep_ns - ns_before) / 1e9;
  upkeep.expiry_runs = (*live)->sweep_runs - runs_before;
  upkeep.longest_run_ms = static_cast<double>((*live)->sweep_longest_ns) / 1e6;
  const auto counts = daemon.connection_counts();
  if (!counts) return std::unexpected(counts.error());
  if (static_cast<std::int64_t>(counts->active) != left || counts->inactive != 0) {
    return fail(fmt::format("ipvsadm shows {} active and {} inactive connections, not {}", counts->active,
                            counts->inactive, left));
  }
  return upkeep;
}

}  // namespace ballast::bench
