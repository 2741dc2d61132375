// The loaded programs and their maps: made new, or taken over from pins.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "cluster/model.h"
#include "director/abi.h"
#include "director/mapped_array.h"

struct director_xdp_bpf;
struct director_tc_bpf;

namespace ballast::director {

/// Map sizes. They are fixed while the maps live.
struct Sizes {
  std::uint32_t connections = 0;
  std::uint32_t services = 0;
  std::uint32_t servers = 0;
  std::uint32_t mh_services = 0;

  [[nodiscard]] std::uint32_t segments() const { return (connections * 2 + SEGMENT_SLOTS - 1) / SEGMENT_SLOTS; }
  [[nodiscard]] std::uint32_t chunks() const { return (servers + 15) / 16 + services; }
  [[nodiscard]] std::uint32_t server_slots() const { return chunks() * 16; }
  [[nodiscard]] std::uint32_t ring_lines() const { return chunks() * 2 + services * 32; }
  /// Twice as many as services use: a replaced one rests for a while.
  [[nodiscard]] std::uint32_t maglev_tables() const { return mh_services * 2; }
};

class PacketPath {
 public:
  /// Loads both programs over the maps pinned in `directory` where they are of this version's layout, else over new
  /// maps, which it pins. Errors carry the verifier's last words.
  static Result<std::unique_ptr<PacketPath>> open(const std::string& directory,
                                                  const cluster::DirectorSettings& settings);
  ~PacketPath();
  PacketPath(const PacketPath&) = delete;
  PacketPath& operator=(const PacketPath&) = delete;

  [[nodiscard]] bool adopted() const { return adopted_; }
  [[nodiscard]] const Sizes& sizes() const { return sizes_; }
  [[nodiscard]] int xdp_program() const;
  [[nodiscard]] int tc_program() const;
  [[nodiscard]] int local_reply_program() const;
  [[nodiscard]] int outgoing_program() const;

  [[nodiscard]] int service_keys_map() const;
  [[nodiscard]] int server_traffic_map() const;
  [[nodiscard]] int counters_map() const;
  [[nodiscard]] int connections_map() const;

  /// What schedulers look at of a real server.
  abi::member& member(std::uint32_t server) { return chunks[server / CHUNK_MEMBERS].member[server % CHUNK_MEMBERS]; }
  [[nodiscard]] const abi::member& member(std::uint32_t server) const {
    return chunks[server / CHUNK_MEMBERS].member[server % CHUNK_MEMBERS];
  }

  /// What response-time and capacity look at besides.
  abi::figure& figure(std::uint32_t server) { return figures[server / CHUNK_MEMBERS].figure[server % CHUNK_MEMBERS]; }

  MappedArray<abi::settings> settings;
  MappedArray<abi::live> live;
  MappedArray<abi::service> services;
  MappedArray<abi::cursor> cursors;
  MappedArray<abi::ring_line> rings;
  MappedArray<abi::maglev_table> maglev_tables;
  MappedArray<abi::chunk> chunks;
  MappedArray<abi::figure_chunk> figures;
  MappedArray<abi::server> servers;
  MappedArray<abi::traffic> service_traffic;

 private:
  PacketPath() = default;
  Result<void> load(const std::string& directory);
  Result<void> map_arrays();
  Result<void> start_sweep() const;

  struct Unload {
    void operator()(director_xdp_bpf* object) const;
    void operator()(director_tc_bpf* object) const;
  };
  std::unique_ptr<director_xdp_bpf, Unload> xdp_;
  std::unique_ptr<director_tc_bpf, Unload> tc_;
  Sizes sizes_;
  std::uint64_t hash_seed_ = 0;
  bool adopted_ = false;
};

}  // namespace ballast::director
