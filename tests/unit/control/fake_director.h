// A director that keeps what it is told in memory, for tests of the control plane's decisions.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "director/director.h"

namespace ballast::control {

/// What a test sees and sets; it outlives the FakeDirector, as a packet path outlives its daemon.
struct FakePath {
  cluster::Cluster applied;
  std::optional<Error> refuse_apply;  ///< the next apply() fails with it
  std::optional<Error> refuse_remove;
  std::optional<std::string> defect;
  std::vector<director::Connection> connections;
  std::vector<director::Counter> counters;
  std::vector<director::ServerReport> reports;
  director::Stats per_server;                 ///< the counters of every server
  std::vector<director::Connection> changed;  ///< not told yet
  std::vector<director::Connection> admitted;
  std::uint64_t changes_lost = 0;
  bool keeps_changes = false;
  bool serves_ways = false;
  int applies = 0;
  int ticks = 0;
  bool running = false;
};

class FakeDirector : public director::Director {
 public:
  explicit FakeDirector(FakePath& path) : path_(path), adopted_(path.running) { path.running = true; }

  [[nodiscard]] bool adopted() const override { return adopted_; }
  Result<void> apply(const cluster::Cluster& cluster) override {
    ++path_.applies;
    if (path_.refuse_apply) return std::unexpected(*std::exchange(path_.refuse_apply, std::nullopt));
    path_.applied = cluster;
    return {};
  }
  void tick() override { ++path_.ticks; }
  std::size_t report(const director::ServerReport& report) override {
    path_.reports.push_back(report);
    std::size_t told = 0;
    for (const auto& service : path_.applied.services) {
      for (const auto& server : service.servers) told += server.endpoint.address == report.address ? 1 : 0;
    }
    return told;
  }
  [[nodiscard]] std::vector<director::ServiceLoad> services() const override {
    std::vector<director::ServiceLoad> loads;
    for (const auto& service : path_.applied.services) {
      director::ServiceLoad load{.key = service.key, .servers = {}, .stats = {}};
      for (const auto& server : service.servers) {
        load.servers.push_back({.server = server, .active = 1, .inactive = 2, .stats = path_.per_server});
        load.stats.connections += path_.per_server.connections;
        load.stats.packets_in += path_.per_server.packets_in;
        load.stats.packets_out += path_.per_server.packets_out;
        load.stats.bytes_in += path_.per_server.bytes_in;
        load.stats.bytes_out += path_.per_server.bytes_out;
      }
      std::ranges::reverse(load.servers);
      loads.push_back(std::move(load));
    }
    return loads;
  }
  std::optional<std::uint32_t> connections(
      std::uint32_t cursor, std::uint32_t limit,
      const std::function<void(const director::Connection&)>& visit) const override {
    const auto size = static_cast<std::uint32_t>(path_.connections.size());
    std::uint32_t at = std::min(cursor, size);
    for (; at < size && limit > 0; ++at, --limit) visit(path_.connections[at]);
    return at < size ? std::optional(at) : std::nullopt;
  }
  void keep_changes(bool keep) override { path_.keeps_changes = keep; }
  std::uint64_t changes(const std::function<void(const director::Connection&)>& visit) override {
    for (const auto& connection : std::exchange(path_.changed, {})) visit(connection);
    return std::exchange(path_.changes_lost, 0);
  }
  director::Admitted admit(std::span<const director::Connection> connections) override {
    path_.admitted.insert(path_.admitted.end(), connections.begin(), connections.end());
    director::Admitted all;
    all.entered = static_cast<std::uint32_t>(connections.size());
    return all;
  }
  void serve_ways(bool wanted) override { path_.serves_ways = wanted; }
  Result<void> open_way(const cluster::ServiceWay&) override { return {}; }
  [[nodiscard]] bool way_was_used(const cluster::ServiceWay&) const override { return true; }
  void close_way(const cluster::ServiceWay&) override {}
  [[nodiscard]] std::uint32_t connection_count() const override {
    return static_cast<std::uint32_t>(path_.connections.size());
  }
  [[nodiscard]] std::uint32_t connection_capacity() const override { return 1000; }
  [[nodiscard]] std::optional<director::Growth> growth() const override { return std::nullopt; }
  [[nodiscard]] std::vector<director::Counter> counters() const override { return path_.counters; }
  [[nodiscard]] std::vector<director::AttachedInterface> interfaces() const override {
    return {{"eth0", "tc", "the driver has no native XDP"}};
  }
  [[nodiscard]] std::optional<std::string> defect() const override { return path_.defect; }
  Result<void> remove() override {
    if (path_.refuse_remove) return std::unexpected(*path_.refuse_remove);
    path_.applied = {};
    path_.running = false;
    return {};
  }

 private:
  FakePath& path_;
  bool adopted_;
};

}  // namespace ballast::control
