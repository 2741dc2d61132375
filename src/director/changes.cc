#include "director/changes.h"

#include <bpf/libbpf.h>

#include <cstring>

#include "director/connection_reader.h"

namespace ballast::director {

void Changes::Free::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

Result<void> Changes::keep(bool keep) {
  auto& flags = path_.settings[0].flags;
  if (!keep) {
    __atomic_fetch_and(&flags, ~SETTING_SYNC, __ATOMIC_RELEASE);
    ring_.reset();
    return {};
  }
  if (!ring_) {
    ring_.reset(ring_buffer__new(path_.changes_map(), note, this, nullptr));
    if (!ring_) return fail_errno("cannot read the ring of changed connections");
    lost_ = observe(path_.live[0].changes_lost);
  }
  __atomic_fetch_or(&flags, SETTING_SYNC, __ATOMIC_RELEASE);
  return {};
}

std::uint64_t Changes::take(const std::function<void(const Connection&)>& visit) {
  if (!ring_) return 0;
  visit_ = &visit;
  now_ = abi::now_ticks();
  ring_buffer__consume(ring_.get());
  visit_ = nullptr;
  const std::uint64_t lost = observe(path_.live[0].changes_lost);
  return lost - std::exchange(lost_, lost);
}

int Changes::note(void* self, void* record, std::size_t bytes) {
  const auto& changes = *static_cast<Changes*>(self);
  abi::connection entry;
  if (bytes < sizeof entry) return 0;
  std::memcpy(&entry, record, sizeof entry);
  if (const auto connection = view(changes.path_, entry, changes.now_)) (*changes.visit_)(*connection);
  return 0;
}

}  // namespace ballast::director
