#include "capture/tap.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>

#include "director/attachment.h"
#include "director/running_pins.h"

namespace ballast::capture {
namespace {

/// How long programs go on copying without hearing from us.
constexpr std::int64_t lease_nanoseconds = 2'000'000'000;
/// Of each processor's buffer: 1 MiB of 4 KiB.
constexpr std::size_t buffer_pages = 256;

std::uint64_t monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

template <typename T>
Result<void> map_single(director::MappedArray<T>& array, int map) {
  auto opened = director::MappedArray<T>::open(map, 1);
  if (!opened) return std::unexpected(opened.error());
  array = std::move(*opened);
  return {};
}

void take_record(void* pending, int /*processor*/, void* data, std::uint32_t size) {
  const std::span bytes(static_cast<const std::uint8_t*>(data), size);
  Run run;
  if (bytes.size() < sizeof run.record) return;
  std::memcpy(&run.record, bytes.data(), sizeof run.record);
  const auto frame = bytes.subspan(sizeof run.record);
  const auto captured = std::min<std::size_t>(run.record.captured, frame.size());
  run.left.assign(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(captured));
  static_cast<std::vector<Run>*>(pending)->push_back(std::move(run));
}

}  // namespace

void Tap::Free::operator()(perf_buffer* buffer) const { perf_buffer__free(buffer); }

Result<std::unique_ptr<Tap>> Tap::open(const std::string& instance, const Conditions& conditions,
                                       std::uint32_t snap_length) {
  if (::geteuid() != 0) return fail("it reads all packets of the packet path: run this as root", EPERM);
  libbpf_set_print(nullptr);
  std::unique_ptr<Tap> tap(new Tap);
  if (auto found = tap->find(instance); !found) return std::unexpected(found.error());
  if (auto begun = tap->begin(conditions, snap_length); !begun) return std::unexpected(begun.error());
  return tap;
}

Tap::~Tap() { end(); }

Result<void> Tap::find(const std::string& instance) {
  auto directory = director::running_pins(instance);
  if (!directory) return std::unexpected(directory.error());
  directory_ = std::move(*directory);
  const Fd settings(bpf_obj_get((directory_ + "/settings").c_str()));
  const Fd orders(bpf_obj_get((directory_ + "/capture_orders").c_str()));
  captured_ = Fd(bpf_obj_get((directory_ + "/captured").c_str()));
  if (!settings || !captured_ || director::value_size(orders.get()) != sizeof(abi::capture_orders)) {
    return director::of_another_version();
  }
  lock_ = Fd(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock_ || ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(directory_);
    return fail(fmt::format("another process captures packets of instance '{}': end that one first", instance), EBUSY);
  }
  if (auto mapped = map_single(settings_, settings.get()); !mapped) return mapped;
  return map_single(orders_, orders.get());
}

Result<void> Tap::begin(const Conditions& conditions, std::uint32_t snap_length) {
  auto& orders = orders_[0];
  orders.filter = filter_for(conditions);
  orders.snap_length = snap_length;
  orders.lost = 0;
  buffers_.reset(perf_buffer__new(captured_.get(), buffer_pages, take_record, nullptr, &pending_, nullptr));
  if (!buffers_) return fail_errno("cannot make the buffers for packets");
  renew_lease();
  return {};
}

void Tap::renew_lease() {
  director::publish(settings_[0].capture_lease, abi::now_ticks() + abi::ticks(lease_nanoseconds));
}

Result<std::vector<Run>> Tap::poll(std::chrono::milliseconds wait) {
  renew_lease();
  // Processors fill their buffers independently: only what is older than this look is known to be complete and in
  // order.
  const std::uint64_t began = monotonic_now();
  const int taken = perf_buffer__poll(buffers_.get(), static_cast<int>(wait.count()));
  if (taken < 0 && taken != -EINTR) return fail_errno("cannot read packets", -taken);
  perf_buffer__consume(buffers_.get());
  return up_to(began);
}

std::vector<Run> Tap::end() {
  if (!buffers_) return {};
  director::publish(settings_[0].capture_lease, 0);
  perf_buffer__consume(buffers_.get());
  buffers_.reset();
  return up_to(UINT64_MAX);
}

std::vector<Run> Tap::up_to(std::uint64_t time) {
  std::ranges::sort(pending_, {}, [](const Run& run) { return run.record.arrival; });
  const auto later = std::ranges::find_if(pending_, [time](const Run& run) { return run.record.departure > time; });
  std::vector<Run> runs(std::move_iterator(pending_.begin()), std::move_iterator(later));
  pending_.erase(pending_.begin(), later);
  return runs;
}

std::uint64_t Tap::lost() const { return director::observe(orders_[0].lost); }

bool Tap::alive() const { return ::access((directory_ + "/settings").c_str(), F_OK) == 0; }

std::vector<std::string> Tap::interfaces() const { return director::attached_interfaces(directory_); }

}  // namespace ballast::capture
