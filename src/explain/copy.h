// A copy of the running packet path: the same programs over maps of their own, with what the pinned maps hold. Nobody
// else sees it, and what packets do in it changes nothing that runs: of that, this process has nothing to write to.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "capture/abi.h"
#include "capture/frames.h"
#include "director/mapped_array.h"
#include "director/placement.h"

struct bpf_map;
struct bpf_object;
struct director_xdp_bpf;
struct director_tc_bpf;

namespace ballast::explain {

enum class Program : std::uint8_t {
  xdp,
  tc,
  leaving,   ///< TC egress of interfaces: what sockets of this machine send
  outgoing,  ///< TC egress: what netfilter has marked, and what sockets of this machine send
};

/// Where it is attached.
abi::capture_hook hook_of(Program program);

/// How a packet comes to a program.
struct Arrival {
  std::uint32_t interface_index = 0;  ///< where the program is, of this network namespace
  std::uint32_t came_in_by = 0;       ///< egress: the interface where the packet came in; 0: it is from this machine
  std::uint32_t mark = 0;             ///< TC
};

/// Of the connection table only the segments that are asked for are in the copy: there it is a hash table of segments
/// by their numbers, where the running one is an array.
class Copy {
 public:
  /// Loads the programs; nothing is copied yet. EPROTO: the running packet path is of another version.
  static Result<std::unique_ptr<Copy>> of(const std::string& directory);
  ~Copy();
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  /// Has the segment where entries of this hash stand in the copy, from the next refresh() on.
  void include(std::uint64_t hash);
  /// Brings the copy to what the running maps hold now.
  Result<void> refresh();

  /// Sends a frame through a program and notes what it did.
  Result<capture::Run> run(Program program, const capture::Bytes& frame, const Arrival& arrival);
  /// What the last run decided for a new connection; none where it asked no service for one.
  [[nodiscard]] std::optional<abi::newborn> newborn() const;

  [[nodiscard]] std::uint64_t hash_of(const abi::address& client, __be16 port, std::uint8_t protocol) const;
  /// The entries in the segments where those of this hash stand.
  [[nodiscard]] std::vector<abi::connection> entries(std::uint64_t hash) const;
  /// The service with that key, or SERVICE_INDEX_ADDRESS.
  [[nodiscard]] std::optional<std::uint32_t> service(const abi::service_key& key) const;

  director::MappedArray<abi::settings> settings;
  director::MappedArray<abi::live> live;
  director::MappedArray<abi::service> services;
  director::MappedArray<abi::chunk> chunks;
  director::MappedArray<abi::server> servers;

 private:
  explicit Copy(std::string directory) : directory_(std::move(directory)) {}
  Result<void> load();
  Result<void> shape(bpf_map* map) const;
  Result<void> map_arrays();
  Result<void> copy_segments() const;
  [[nodiscard]] int map(const char* name) const;
  [[nodiscard]] int descriptor(Program program) const;
  [[nodiscard]] std::uint32_t segment_of(std::uint64_t hash) const;
  void forget_last_run() const;
  [[nodiscard]] std::uint64_t counters_raised() const;

  struct Unload {
    void operator()(director_xdp_bpf* object) const;
    void operator()(director_tc_bpf* object) const;
  };
  std::string directory_;
  std::unique_ptr<director_xdp_bpf, Unload> xdp_;
  std::unique_ptr<director_tc_bpf, Unload> tc_;
  std::uint64_t hash_seed_ = 0;
  std::uint32_t segment_count_ = 0;
  std::vector<std::uint64_t> hashes_;
};

}  // namespace ballast::explain
