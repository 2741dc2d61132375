#include "director/director.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>

#include "base/log.h"
#include "bpf/counters.h"
#include "director/bpffs.h"
#include "director/connection_reader.h"
#include "director/interfaces.h"
#include "director/next_hops.h"
#include "director/packet_path.h"
#include "director/running_table.h"
#include "net/sysctl.h"

namespace ballast::director {
namespace {

using Clock = std::chrono::steady_clock;

/// How long programs trust next hops without hearing from the daemon.
constexpr std::chrono::seconds lease{2};
constexpr std::chrono::seconds collect_period{1};

struct CounterName {
  std::string_view name;
  std::string_view help;
};

constexpr auto counter_names = std::to_array<CounterName>({
#define BALLAST_COUNTER_NAME(name, help) {#name, help},
    BALLAST_COUNTERS(BALLAST_COUNTER_NAME)
#undef BALLAST_COUNTER_NAME
});

constexpr bool is_drop(int counter) {
#define BALLAST_IS_DROP(name) \
  if (counter == COUNTER_##name) return true;
  BALLAST_DROPS(BALLAST_IS_DROP)
#undef BALLAST_IS_DROP
  return false;
}

void take_down(const std::string& directory) {
  libbpf_set_print(nullptr);
  detach_all(directory);
  remove_pin_directory(directory);
}

class PinnedDirector : public Director {
 public:
  PinnedDirector(std::unique_ptr<PacketPath> path, std::string directory)
      : path_(std::move(path)),
        directory_(std::move(directory)),
        interfaces_(*path_, directory_),
        table_(*path_),
        hops_(*path_) {}

  /// A packet path that never came into use is not left behind.
  ~PinnedDirector() override {
    if (!path_->adopted() && !in_use_) take_down(directory_);
  }
  PinnedDirector(const PinnedDirector&) = delete;
  PinnedDirector& operator=(const PinnedDirector&) = delete;

  Result<void> watch() { return hops_.open(); }

  [[nodiscard]] bool adopted() const override { return path_->adopted(); }

  Result<void> apply(const cluster::Cluster& cluster) override {
    if (cluster.director != settings_ || !attached_) {
      if (auto attached = interfaces_.apply(cluster.director); !attached) return attached;
      attached_ = true;
    }
    if (auto applied = table_.apply(cluster, Clock::now()); !applied) return applied;
    in_use_ = true;
    settings_ = cluster.director;
    order_.clear();
    for (const auto& service : cluster.services) order_.push_back(service.key);
    servers_ = table_.configured_servers();
    hops_.resolve(servers_);
    renew_lease();
    warn_of_missing_forwarding();
    return serve_local();
  }

  void tick() override {
    const auto now = Clock::now();
    renew_lease();
    if (hops_.refresh(servers_, now) && attached_) {
      if (auto attached = interfaces_.apply(settings_); !attached) log::warning("{}", attached.error().message);
    }
    if (now - collected_ < collect_period) return;
    collected_ = now;
    table_.collect(now);
    if (auto served = serve_local(); !served) log::warning("{}", served.error().message);
  }

  [[nodiscard]] std::vector<ServiceLoad> services() const override { return table_.loads(order_); }

  std::optional<std::uint32_t> connections(std::uint32_t cursor, std::uint32_t limit,
                                           const std::function<void(const Connection&)>& visit) const override {
    return read_connections(*path_, cursor, limit, visit);
  }

  [[nodiscard]] std::uint32_t connection_count() const override {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(observe(path_->live[0].connections), 0));
  }
  [[nodiscard]] std::uint32_t connection_capacity() const override { return path_->sizes().connections; }

  [[nodiscard]] std::vector<Counter> counters() const override {
    struct Values {
      std::uint64_t value[COUNTER_SLOTS];
    };
    std::vector<Values> values(libbpf_num_possible_cpus());
    const std::uint32_t key = 0;
    std::vector<Counter> all;
    const bool read = bpf_map_lookup_elem(path_->counters_map(), &key, values.data()) == 0;
    for (std::size_t i = 0; i < counter_names.size(); ++i) {
      Counter counter{counter_names[i].name, counter_names[i].help, 0, is_drop(static_cast<int>(i))};
      for (const auto& cpu : values) counter.value += read ? cpu.value[i] : 0;
      all.push_back(counter);
    }
    return all;
  }

  [[nodiscard]] std::vector<AttachedInterface> interfaces() const override { return interfaces_.attached(); }

  Result<void> remove() override {
    take_down(directory_);
    return {};
  }

 private:
  void renew_lease() {
    const auto length = std::chrono::duration_cast<std::chrono::nanoseconds>(lease).count();
    publish(path_->settings[0].lease, abi::now_ticks() + abi::ticks(length));
  }

  /// Replies of NAT are routed by the kernel's tables, which say nothing while it does not forward.
  void warn_of_missing_forwarding() {
    const bool nat = (path_->settings[0].flags & SETTING_NAT) != 0;
    const auto forwarding = net::read_sysctl("net.ipv4.ip_forward");
    const bool missing = nat && forwarding && *forwarding == "0";
    if (missing && !warned_of_forwarding_) {
      log::warning(
          "net.ipv4.ip_forward is 0: replies of NAT real servers cannot be routed to clients; set it with: sysctl -w "
          "net.ipv4.ip_forward=1");
    }
    warned_of_forwarding_ = missing;
  }

  /// A local real server behind NAT needs its replies translated on their way out.
  Result<void> serve_local() {
    const bool local = std::ranges::any_of(servers_, [&](std::uint32_t index) {
      const abi::server& server = path_->servers[index];
      return server.method == abi::FORWARD_NAT && (server.flags & SERVER_LOCAL) != 0;
    });
    return local == interfaces_.translates_local_replies() ? Result<void>{}
                                                           : interfaces_.translate_local_replies(local);
  }

  std::unique_ptr<PacketPath> path_;
  std::string directory_;
  Interfaces interfaces_;
  RunningTable table_;
  NextHops hops_;
  cluster::DirectorSettings settings_;
  bool attached_ = false;
  bool in_use_ = false;
  bool warned_of_forwarding_ = false;
  std::vector<cluster::ServiceKey> order_;
  std::vector<std::uint32_t> servers_;
  Clock::time_point collected_;
};

}  // namespace

Result<std::unique_ptr<Director>> Director::open(const std::string& instance,
                                                 const cluster::DirectorSettings& settings) {
  auto directory = pin_directory(instance);
  if (!directory) return std::unexpected(directory.error());
  auto path = PacketPath::open(*directory, settings);
  if (!path) {
    ::rmdir(directory->c_str());  // it stays where a packet path is pinned in it
    return std::unexpected(path.error());
  }
  auto director = std::make_unique<PinnedDirector>(std::move(*path), std::move(*directory));
  if (auto watching = director->watch(); !watching) return std::unexpected(watching.error());
  return director;
}

Result<bool> Director::remove_left_behind(const std::string& instance) {
  const auto directory = pin_directory(instance);
  if (!directory) return std::unexpected(directory.error());
  const bool found = !std::filesystem::is_empty(*directory);
  take_down(*directory);
  return found;
}

}  // namespace ballast::director
