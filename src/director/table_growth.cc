#include "director/table_growth.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"

namespace ballast::director {
namespace {

using Clock = std::chrono::steady_clock;

/// How much of a tick goes into moving entries.
constexpr std::chrono::milliseconds move_time{25};

/// Returns when no processor runs a program that was replaced, or acts on a setting of before, any more:
/// MEMBARRIER_CMD_GLOBAL waits for a grace period of RCU (membarrier(2)); where it is not to be had, far longer than a
/// packet takes.
void wait_for_running_programs() {
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) std::this_thread::sleep_for(std::chrono::seconds(1));
}

}  // namespace

TableGrowth::TableGrowth(PacketPath& path) : path_(path) {
  if (path.tables().previous == 0) return;
  stage_ = observe(path.settings[0].fill_previous) != 0 ? Stage::attaching : Stage::moving;
  publish(path.live[0].move_position, 0);
  log::info("the connection table was growing when the last daemon ended: going on");
}

Result<void> TableGrowth::check(std::uint32_t connections) const {
  const std::uint32_t running = stage_ == Stage::none ? path_.sizes().connections : capacity_of_larger();
  if (connections >= running || asked_ == 0 || connections == asked_) return {};
  return fail(
      fmt::format("director.connections is {}, but the running table was made for {}: it can grow while it runs, "
                  "but not shrink; take the packet path down first (ballast stop)",
                  connections, running),
      EINVAL);
}

Result<void> TableGrowth::grow_to(std::uint32_t connections) {
  const std::uint32_t before = asked_;
  asked_ = connections;
  if (stage_ != Stage::none || asked_ <= path_.sizes().connections) return {};
  auto begun = begin();
  if (!begun) asked_ = before;
  return begun;
}

Result<void> TableGrowth::begin() {
  const std::uint32_t running = path_.sizes().connections;
  Tables tables = path_.tables();
  tables.previous = tables.segments;
  tables.segments = segments_for(asked_);
  tables.next_pinned = true;
  publish(path_.settings[0].fill_previous, 1);
  publish(path_.live[0].move_position, 0);
  if (auto used = path_.use_tables(tables); !used) {
    if (path_.tables().previous == 0) publish(path_.settings[0].fill_previous, 0);
    return fail(fmt::format("the connection table cannot grow from {} to {} connections: {}", running, asked_,
                            used.error().message),
                used.error().code);
  }
  stage_ = Stage::attaching;
  log::info("the connection table grows from {} to {} connections", running, asked_);
  return {};
}

/// What the larger table is to hold; one that an earlier daemon made, as much as it has room for.
std::uint32_t TableGrowth::capacity_of_larger() const {
  const std::uint32_t segments = path_.tables().segments;
  return segments_for(asked_) == segments ? asked_ : segments * SEGMENT_SLOTS / 2;
}

Result<void> TableGrowth::fill_larger(const std::function<Result<void>()>& attach) {
  if (auto attached = attach(); !attached) return attached;
  wait_for_running_programs();
  abi::settings& settings = path_.settings[0];
  const std::uint64_t filled = std::uint64_t{settings.connections_filled} * capacity_of_larger();
  publish(settings.connections_filled, static_cast<__u32>(filled / path_.sizes().connections));
  path_.set_capacity(capacity_of_larger());
  publish(settings.fill_previous, 0);
  wait_for_running_programs();
  stage_ = Stage::moving;
  return {};
}

Result<void> TableGrowth::move_entries() {
  const auto until = Clock::now() + move_time;
  while (Clock::now() < until) {
    switch (run_once(path_.move_program())) {
      case abi::MOVE_ON:
        break;
      case abi::MOVE_AGAIN:
        return {};
      case abi::MOVE_DONE: {
        Tables tables = path_.tables();
        tables.previous = 0;
        auto used = path_.use_tables(tables);
        if (used) stage_ = Stage::ending;
        return used;
      }
      default:
        return fail("the program that moves connections does not run", EIO);
    }
  }
  return {};
}

Result<void> TableGrowth::end(const std::function<Result<void>()>& attach) {
  if (auto attached = attach(); !attached) return attached;
  if (auto renamed = path_.rename_next_table(); !renamed) return renamed;
  stage_ = Stage::none;
  log::info("the connection table has grown to {} connections", path_.sizes().connections);
  return {};
}

void TableGrowth::step(const std::function<Result<void>()>& attach) {
  Result<void> done;
  switch (stage_) {
    case Stage::none:
      if (asked_ > path_.sizes().connections) {
        done = begin();
        if (!done) asked_ = path_.sizes().connections;
      }
      break;
    case Stage::attaching:
      done = fill_larger(attach);
      break;
    case Stage::moving:
      done = move_entries();
      break;
    case Stage::ending:
      done = end(attach);
      break;
  }
  std::string complaint = done ? "" : done.error().message;
  if (!done && complaint != complaint_) log::warning("{}", complaint);
  complaint_ = std::move(complaint);
}

std::optional<Growth> TableGrowth::progress() const {
  if (stage_ == Stage::none) return std::nullopt;
  Growth growth{.connections = capacity_of_larger()};
  if (stage_ == Stage::moving) {
    growth.percent =
        static_cast<std::uint32_t>(std::uint64_t{observe(path_.live[0].move_position)} * 100 / path_.tables().previous);
  } else if (stage_ == Stage::ending) {
    growth.percent = 100;
  }
  return growth;
}

}  // namespace ballast::director
