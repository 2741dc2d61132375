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

/// Segments of a table for so many connections.
constexpr std::uint32_t segments_for(std::uint32_t connections) {
  return (connections * 2 + SEGMENT_SLOTS - 1) / SEGMENT_SLOTS;
}

/// How much the maps hold. Only `connections` can grow while they live: see director/table_growth.h.
struct Sizes {
  std::uint32_t connections = 0;
  std::uint32_t services = 0;
  std::uint32_t servers = 0;
  std::uint32_t mh_services = 0;

  [[nodiscard]] std::uint32_t chunks() const { return (servers + 15) / 16 + services; }
  [[nodiscard]] std::uint32_t server_slots() const { return chunks() * 16; }
  [[nodiscard]] std::uint32_t ring_lines() const { return chunks() * 2 + services * 32; }
  /// One key of a service in two lines: few lines are full.
  [[nodiscard]] std::uint32_t listener_lines() const { return services * 2; }
  /// Twice as many as services use: a replaced one rests for a while.
  [[nodiscard]] std::uint32_t maglev_tables() const { return mh_services * 2; }
};

/// The connection tables that programs know, in segments. The pin of a table that grows keeps its name until all of its
/// entries are in the larger one, whose pin then takes that name.
struct Tables {
  std::uint32_t segments = 0;
  std::uint32_t previous = 0;  ///< 0: there is only one
  bool next_pinned = false;    ///< the (larger) one is still pinned as the next
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
  [[nodiscard]] const Tables& tables() const { return tables_; }

  /// Loads the programs anew for these tables and hands the sweep to them; makes and pins the larger table where there
  /// is none yet. The hooks go on with the programs of before until they are attached anew. On an error nothing has
  /// changed.
  Result<void> use_tables(const Tables& tables);
  /// The larger table takes the name of the one whose place it has taken.
  Result<void> rename_next_table();
  /// Says how many connections the table is to hold from now on.
  void set_capacity(std::uint32_t connections);
  [[nodiscard]] int xdp_program() const;
  [[nodiscard]] int tc_program() const;
  [[nodiscard]] int leaving_program() const;
  /// Moves entries of the previous table: see bpf/growth.h.
  [[nodiscard]] int move_program() const;
  [[nodiscard]] int outgoing_program() const;
  /// Enters `arrivals` into the table: see bpf/arrivals.h.
  [[nodiscard]] int admit_program() const;

  [[nodiscard]] int service_keys_map() const;
  [[nodiscard]] int server_traffic_map() const;
  [[nodiscard]] int counters_map() const;
  [[nodiscard]] int changes_map() const;
  [[nodiscard]] int ways_map() const;
  [[nodiscard]] int connections_map() const;
  [[nodiscard]] int previous_connections_map() const;

  /// What schedulers look at of a real server.
  abi::member& member(std::uint32_t server) { return chunks[server / CHUNK_MEMBERS].member[server % CHUNK_MEMBERS]; }
  [[nodiscard]] const abi::member& member(std::uint32_t server) const {
    return chunks[server / CHUNK_MEMBERS].member[server % CHUNK_MEMBERS];
  }

  /// To be called after a change of member(server): schedulers may remember what it was.
  void note_change(std::uint32_t server) {
    __atomic_fetch_add(&chunks[server / CHUNK_MEMBERS].changes, 1, __ATOMIC_RELEASE);
  }

  /// What response-time and capacity look at besides.
  abi::figure& figure(std::uint32_t server) { return figures[server / CHUNK_MEMBERS].figure[server % CHUNK_MEMBERS]; }

  MappedArray<abi::settings> settings;
  MappedArray<abi::live> live;
  MappedArray<abi::arrivals> arrivals;
  MappedArray<abi::listener_line> listeners;
  MappedArray<abi::service> services;
  MappedArray<abi::cursor> cursors;
  MappedArray<abi::ring_line> rings;
  MappedArray<abi::maglev_table> maglev_tables;
  MappedArray<abi::chunk> chunks;
  MappedArray<abi::figure_chunk> figures;
  MappedArray<abi::server> servers;
  MappedArray<abi::traffic> service_traffic;

 private:
  explicit PacketPath(std::string directory) : directory_(std::move(directory)) {}
  Result<void> load(const Tables& tables);
  Result<void> map_arrays();
  Result<void> start_sweep() const;

  struct Unload {
    void operator()(director_xdp_bpf* object) const;
    void operator()(director_tc_bpf* object) const;
  };
  std::unique_ptr<director_xdp_bpf, Unload> xdp_;
  std::unique_ptr<director_tc_bpf, Unload> tc_;
  std::string directory_;
  Sizes sizes_;
  Tables tables_;
  std::uint64_t hash_seed_ = 0;
  bool adopted_ = false;
};

/// Runs a program that is not attached, once. What it returned, or -1.
int run_once(int program);

}  // namespace ballast::director
