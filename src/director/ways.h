// Sockets of this machine that reach a real server by its service's own way: the entries by which the packet programs
// know their packets, see bpf/service_way.h.
#pragma once

#include "base/error.h"
#include "cluster/service_way.h"
#include "director/packet_path.h"

namespace ballast::director {

class Ways {
 public:
  /// Forgets what a daemon before left.
  explicit Ways(PacketPath& path);

  /// Programs are to look for such packets, or not any more.
  void serve(bool wanted);
  [[nodiscard]] bool served() const;

  /// E2BIG: there are too many.
  Result<void> open(const cluster::ServiceWay& way);
  [[nodiscard]] bool was_used(const cluster::ServiceWay& way) const;
  void close(const cluster::ServiceWay& way);

 private:
  PacketPath& path_;
};

}  // namespace ballast::director
