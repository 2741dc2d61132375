#include "director/director.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "bpf/counters.h"
#include "director/arrivals.h"
#include "director/bpffs.h"
#include "director/changes.h"
#include "director/connection_reader.h"
#include "director/interfaces.h"
#include "director/local_clients.h"
#include "director/mark_device.h"
#include "director/next_hops.h"
#include "director/packet_path.h"
#include "director/running_table.h"
#include "director/table_growth.h"
#include "director/ways.h"
#include "net/interface_address.h"
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
  detach_from_local_clients(directory);
  if (auto removed = remove_mark_device(directory); !removed) log::warning("{}", removed.error().message);
  remove_pin_directory(directory);
}

Steered steered_in(const cluster::Cluster& cluster) {
  Steered steered;
  for (const auto& service : cluster.services) {
    for (const auto& key : cluster::keys_of(service)) {
      if (const auto* mark = std::get_if<cluster::MarkKey>(&key)) {
        steered.marks.insert(*mark);
      } else if (const auto& address = std::get<cluster::AddressKey>(key); address.endpoint.port == 0) {
        steered.catch_alls.insert(address);
      }
    }
  }
  return steered;
}

class PinnedDirector : public Director {
 public:
  PinnedDirector(std::unique_ptr<PacketPath> path, std::string directory)
      : path_(std::move(path)),
        directory_(std::move(directory)),
        interfaces_(*path_, directory_),
        local_clients_(*path_, directory_),
        mark_device_(*path_, directory_),
        table_(*path_),
        growth_(*path_),
        changes_(*path_),
        ways_(*path_),
        hops_(*path_),
        order_(table_.configured_services()) {}

  /// A packet path that never came into use is not left behind.
  ~PinnedDirector() override {
    if (!path_->adopted() && !in_use_) take_down(directory_);
  }
  PinnedDirector(const PinnedDirector&) = delete;
  PinnedDirector& operator=(const PinnedDirector&) = delete;

  Result<void> watch() { return hops_.open(); }

  [[nodiscard]] bool adopted() const override { return path_->adopted(); }

  Result<void> apply(const cluster::Cluster& cluster) override {
    if (auto checked = growth_.check(cluster.director.connections); !checked) return checked;
    if (cluster.director != settings_ || !attached_) {
      if (auto attached = interfaces_.apply(cluster.director); !attached) return attached;
      attached_ = true;
    }
    // What the table leaves to netfilter finds its way to the device at every moment.
    const auto steered = steered_in(cluster);
    if (auto extended = mark_device_.extend(steered); !extended) return extended;
    if (auto applied = table_.apply(cluster, Clock::now()); !applied) return applied;
    in_use_ = true;
    if (auto narrowed = mark_device_.apply(steered); !narrowed) return narrowed;
    if (auto served = local_clients_.apply(!cluster.services.empty()); !served) return served;
    settings_ = cluster.director;
    order_.clear();
    virtual_addresses_.clear();
    for (const auto& service : cluster.services) {
      order_.push_back(service.key);
      for (const auto& key : cluster::keys_of(service)) {
        if (const auto* at = std::get_if<cluster::AddressKey>(&key)) virtual_addresses_.insert(at->endpoint.address);
      }
    }
    servers_ = table_.configured_servers();
    hops_.resolve(servers_);
    renew_lease();
    warn_of_missing_forwarding(steered.marks);
    if (auto served = watch_leaving(); !served) return served;
    return growth_.grow_to(cluster.director.connections);
  }

  void tick() override {
    const auto now = Clock::now();
    renew_lease();
    const bool moved = hops_.refresh(servers_, now);
    if (moved && attached_) {
      if (auto attached = interfaces_.apply(settings_); !attached) log::warning("{}", attached.error().message);
    }
    if (attached_) growth_.step([this] { return attach_loaded(); });
    const bool due = now - collected_ >= collect_period;
    if (due) {
      collected_ = now;
      table_.collect(now);
    }
    if (!moved && !due) return;
    if (auto served = watch_leaving(); !served) log::warning("{}", served.error().message);
  }

  std::size_t report(const ServerReport& report) override { return table_.report(report); }

  [[nodiscard]] std::vector<ServiceLoad> services() const override { return table_.loads(order_); }

  std::optional<std::uint32_t> connections(std::uint32_t cursor, std::uint32_t limit,
                                           const std::function<void(const Connection&)>& visit) const override {
    return read_connections(*path_, cursor, limit, visit);
  }

  void keep_changes(bool keep) override {
    if (auto kept = changes_.keep(keep); !kept) log::warning("{}", kept.error().message);
  }

  std::uint64_t changes(const std::function<void(const Connection&)>& visit) override { return changes_.take(visit); }

  Admitted admit(std::span<const Connection> connections) override {
    return director::admit(*path_, table_, connections);
  }

  void serve_ways(bool wanted) override {
    ways_.serve(wanted);
    if (!attached_) return;
    if (auto served = watch_leaving(); !served) log::warning("{}", served.error().message);
  }
  Result<void> open_way(const cluster::ServiceWay& way) override { return ways_.open(way); }
  [[nodiscard]] bool way_was_used(const cluster::ServiceWay& way) const override { return ways_.was_used(way); }
  void close_way(const cluster::ServiceWay& way) override { ways_.close(way); }

  [[nodiscard]] std::uint32_t connection_count() const override {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(observe(path_->live[0].connections), 0));
  }
  [[nodiscard]] std::uint32_t connection_capacity() const override { return path_->sizes().connections; }

  [[nodiscard]] std::optional<Growth> growth() const override { return growth_.progress(); }

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

  [[nodiscard]] std::optional<std::string> defect() const override { return interfaces_.defect(); }

  Result<void> remove() override {
    take_down(directory_);
    return {};
  }

 private:
  void renew_lease() {
    const auto length = std::chrono::duration_cast<std::chrono::nanoseconds>(lease).count();
    publish(path_->settings[0].lease, abi::now_ticks() + abi::ticks(length));
  }

  /// What a service needs the kernel to forward, while it does not: said once.
  void warn_of_missing_forwarding(const std::set<cluster::MarkKey>& marks) {
    const bool nat = (path_->settings[0].flags & SETTING_NAT) != 0;
    const auto marked = [&](net::Family family) {
      return std::ranges::find(marks, family, &cluster::MarkKey::family) != marks.end();
    };
    // Replies of NAT are routed by the kernel's tables, which say nothing while it does not forward; marked packets are
    // forwarded to a device of ours.
    constexpr const char* replies = "replies of NAT real servers cannot be routed to clients";
    constexpr const char* packets = "packets of fwmark services do not get to the packet program";
    std::set<std::string> missing;
    const auto need = [&](bool needed, const char* parameter, const char* why) {
      const auto forwarding = net::read_sysctl(parameter);
      if (!needed || !forwarding || *forwarding != "0") return;
      missing.insert(fmt::format("{0} is 0: {1}; set it with: sysctl -w {0}=1", parameter, why));
    };
    need(nat, "net.ipv4.ip_forward", replies);
    need(marked(net::Family::ipv4), "net.ipv4.ip_forward", packets);
    need(marked(net::Family::ipv6), "net.ipv6.conf.all.forwarding", packets);
    for (const auto& line : missing) {
      if (!warned_of_forwarding_.contains(line)) log::warning("{}", line);
    }
    warned_of_forwarding_ = std::move(missing);
  }

  /// Puts the programs that are loaded now on every hook.
  Result<void> attach_loaded() {
    if (auto attached = interfaces_.apply(settings_); !attached) return attached;
    if (auto attached = local_clients_.reattach(); !attached) return attached;
    return mark_device_.reattach();
  }

  /// Some virtual address is none of this machine's, so what its own sockets send there leaves by an interface.
  [[nodiscard]] bool has_foreign_address() const {
    const auto local = net::local_addresses();
    if (!local) log::warning("{}", local.error().message);
    return local && !std::ranges::includes(*local, virtual_addresses_);
  }

  /// What this machine's own sockets send has to be looked at where it leaves: replies of a local real server behind
  /// NAT need translating, clients may want a virtual address, and checks may go by their services' own way.
  Result<void> watch_leaving() {
    const bool server = std::ranges::any_of(servers_, [&](std::uint32_t index) {
      const abi::server& entry = path_->servers[index];
      return entry.method == abi::FORWARD_NAT && (entry.flags & SERVER_LOCAL) != 0;
    });
    const bool client = has_foreign_address();
    if (client) accept_replies_from_anywhere();
    const bool wanted = server || client || ways_.served();
    return wanted == interfaces_.watches_leaving() ? Result<void>{} : interfaces_.watch_leaving(wanted);
  }

  std::unique_ptr<PacketPath> path_;
  std::string directory_;
  Interfaces interfaces_;
  LocalClients local_clients_;
  MarkDevice mark_device_;
  RunningTable table_;
  TableGrowth growth_;
  Changes changes_;
  Ways ways_;
  NextHops hops_;
  cluster::DirectorSettings settings_;
  bool attached_ = false;
  bool in_use_ = false;
  std::set<std::string> warned_of_forwarding_;
  std::vector<cluster::ServiceKey> order_;
  std::set<net::Address> virtual_addresses_;
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
