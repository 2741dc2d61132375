// The interfaces that carry the packet programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cluster/model.h"
#include "director/director.h"
#include "director/packet_path.h"

namespace ballast::director {

class Interfaces {
 public:
  Interfaces(PacketPath& path, std::string directory) : path_(path), directory_(std::move(directory)) {}

  /// Attaches to the configured interfaces, or to every Ethernet interface with an address, and detaches from all
  /// others. Where an interface cannot be had, those attached by this call are detached again and nothing has changed.
  Result<void> apply(const cluster::DirectorSettings& settings);

  /// Looks (or not any more) at what this machine's own sockets send by these interfaces.
  Result<void> watch_leaving(bool wanted);
  [[nodiscard]] bool watches_leaving() const { return leaving_; }

  [[nodiscard]] const std::vector<AttachedInterface>& attached() const { return attached_; }
  /// What is not as apply() left it, asked of the kernel; or that there is no interface.
  [[nodiscard]] std::optional<std::string> defect() const;

 private:
  /// Tells the packet programs which frames are for this machine.
  void note_own_macs();
  void note_xdp_target(std::uint32_t index, bool takes_frames);

  PacketPath& path_;
  std::string directory_;
  std::vector<AttachedInterface> attached_;
  bool leaving_ = false;
};

/// Detaches from every interface of this network namespace that the pins in `directory` or a clsact filter tell of.
void detach_all(const std::string& directory);

}  // namespace ballast::director
