// A BPF array map in this process's memory: what the daemon stores, programs see at once.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/error.h"

namespace ballast::director {

template <typename T>
class MappedArray {
  static_assert(sizeof(T) % 8 == 0, "BPF arrays pad their elements to 8 bytes");

 public:
  MappedArray() = default;
  MappedArray(MappedArray&& other) noexcept : data_(std::exchange(other.data_, {})) {}
  MappedArray& operator=(MappedArray&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  MappedArray(const MappedArray&) = delete;
  MappedArray& operator=(const MappedArray&) = delete;
  ~MappedArray() {
    if (!data_.empty()) munmap(data_.data(), bytes(data_.size()));
  }

  static Result<MappedArray> open(int map, std::uint32_t entries) {
    void* memory = mmap(nullptr, bytes(entries), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
    if (memory == MAP_FAILED) return fail_errno("cannot map a BPF array into memory");
    MappedArray array;
    array.data_ = {static_cast<T*>(memory), entries};
    return array;
  }

  [[nodiscard]] std::span<T> all() { return data_; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(data_.size()); }
  T& operator[](std::uint32_t index) { return data_[index]; }
  const T& operator[](std::uint32_t index) const { return data_[index]; }

 private:
  static std::size_t bytes(std::size_t entries) { return (entries * sizeof(T) + 4095) & ~std::size_t{4095}; }
  std::span<T> data_;
};

/// Stores one word that programs may be reading.
template <typename T>
void publish(T& field, std::type_identity_t<T> value) {
  __atomic_store_n(&field, value, __ATOMIC_RELEASE);
}

/// Loads one word that programs may be writing.
template <typename T>
T observe(const T& field) {
  return __atomic_load_n(&field, __ATOMIC_ACQUIRE);
}

}  // namespace ballast::director
