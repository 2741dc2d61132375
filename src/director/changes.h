// Connections that packets change, from the programs' ring to this process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"
#include "director/director.h"
#include "director/packet_path.h"

struct ring_buffer;

namespace ballast::director {

class Changes {
 public:
  explicit Changes(PacketPath& path) : path_(path) {}

  /// From now on the programs write changes down, or not any more.
  Result<void> keep(bool keep);

  /// As Director::changes().
  std::uint64_t take(const std::function<void(const Connection&)>& visit);

 private:
  struct Free {
    void operator()(ring_buffer* ring) const;
  };
  static int note(void* self, void* record, std::size_t bytes);

  PacketPath& path_;
  std::unique_ptr<ring_buffer, Free> ring_;
  const std::function<void(const Connection&)>* visit_ = nullptr;
  std::uint32_t now_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace ballast::director
