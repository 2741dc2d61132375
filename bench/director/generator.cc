#include "generator.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>

#include <algorithm>
#include <cstring>

#include "base/fd.h"
#include "bench/director/generator_abi.h"
#include "bpf/bench_generator.skel.h"

namespace ballast::bench {
namespace {

constexpr std::uint32_t frame_bytes = 60;
constexpr std::uint32_t batch_frames = 64;

struct RunTime {
  std::uint64_t nanoseconds = 0;
  std::uint64_t count = 0;
};

Result<RunTime> run_time_of(int program) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(program, &info, &length) != 0) return fail_errno("cannot read a program's run time");
  return RunTime{info.run_time_ns, info.run_cnt};
}

/// Keeps this thread on the last processor it may use, so that the daemon has the others, as long as this lives.
class OneProcessor {
 public:
  OneProcessor() {
    sched_getaffinity(0, sizeof allowed_, &allowed_);
    int last = 0;
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (CPU_ISSET(i, &allowed_)) last = i;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  ~OneProcessor() { sched_setaffinity(0, sizeof allowed_, &allowed_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t allowed_{};
};

std::uint32_t address(const char* text) { return inet_addr(text); }

}  // namespace

struct Generator::State {
  std::unique_ptr<bench_generator_bpf, decltype(&bench_generator_bpf__destroy)> object{nullptr,
                                                                                       &bench_generator_bpf__destroy};
  std::string near_namespace;
  std::string far_namespace;
  std::uint32_t servers = 0;
  Fd statistics;
  Fd program_under_test;
  Link under_test;
  Link floor;

  void describe(const Link& link, Kind kind, Order order_of_flows, Flows flows) {
    auto& order = object->bss->order;
    describe_frame(order, kind, link.near_mac, link.far_mac);
    order.out_ifindex = link.near_index;
    order.first_flow = flows.first;
    order.flows = flows.count;
    order.servers = servers;
    order.in_order = order_of_flows == Order::in_turn;
    order.next = 0;
  }

  void expect(Method method, Kind kind) {
    auto& expectation = object->bss->expectation;
    expectation = {};
    under_test.near_mac.copy(reinterpret_cast<char*>(expectation.destination_mac), ETH_ALEN);
    expectation.ttl = sent_ttl - 1;
    if (kind == Kind::reply) {
      expectation.source = address(virtual_address);
      return;
    }
    expectation.first_server = address(method == Method::route ? virtual_address : first_server);
    if (method == Method::tunnel) {
      expectation.is_tunnel = 1;
      expectation.outer_source = address(director_address);
    }
  }
};

Generator::Generator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Generator::Generator(Generator&&) noexcept = default;
Generator& Generator::operator=(Generator&&) noexcept = default;
Generator::~Generator() = default;

Result<Generator> Generator::attach(const Network& network) {
  auto state = std::make_unique<State>();
  state->near_namespace = network.near();
  state->far_namespace = network.far();
  state->servers = static_cast<std::uint32_t>(network.servers());
  state->object.reset(bench_generator_bpf__open_and_load());
  if (!state->object) return fail_errno("cannot load the generator (run as root, on Linux 5.18 or newer)");
  state->statistics = Fd(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!state->statistics) return fail_errno("cannot switch the kernel's run-time statistics on");
  const int collect = bpf_program__fd(state->object->progs.collect);
  const int reflector = bpf_program__fd(state->object->progs.reflector);
  state->floor.program = reflector;

  const auto attach_to = [](const char* name, int program) -> Result<void> {
    const auto index = static_cast<int>(if_nametoindex(name));
    if (index == 0 || bpf_xdp_attach(index, program, XDP_FLAGS_DRV_MODE, nullptr) != 0) {
      return fail_errno(fmt::format("cannot attach a program to {}", name));
    }
    return {};
  };
  auto done = inside(network.near(), [&]() -> Result<void> {
    for (auto [name, link] : {std::pair(bench::under_test, &state->under_test), std::pair(floor_link, &state->floor)}) {
      if (auto attached = attach_to(name, collect); !attached) return attached;
      link->near_index = if_nametoindex(name);
      auto mac = link_address(name);
      if (!mac) return std::unexpected(mac.error());
      link->near_mac = *mac;
    }
    return {};
  });
  if (!done) return std::unexpected(done.error());
  done = inside(network.far(), [&]() -> Result<void> {
    for (auto [name, link] : {std::pair(bench::under_test, &state->under_test), std::pair(floor_link, &state->floor)}) {
      auto mac = link_address(name);
      if (!mac) return std::unexpected(mac.error());
      link->far_mac = *mac;
    }
    return attach_to(floor_link, reflector);
  });
  if (!done) return std::unexpected(done.error());
  return Generator(std::move(state));
}

Result<void> Generator::find_program_under_test() {
  return inside(state_->far_namespace, [this]() -> Result<void> {
    std::uint32_t id = 0;
    const auto index = static_cast<int>(if_nametoindex(bench::under_test));
    if (bpf_xdp_query_id(index, XDP_FLAGS_DRV_MODE, &id) != 0 || id == 0) {
      return fail("the director's interface carries no native XDP program");
    }
    state_->program_under_test = Fd(bpf_prog_get_fd_by_id(id));
    state_->under_test.program = state_->program_under_test.get();
    if (!state_->program_under_test) return fail_errno("cannot open the program under test");
    return {};
  });
}

int Generator::program_under_test() const { return state_->program_under_test.get(); }

Result<Pumped> Generator::send(const Link& link, std::uint32_t frames) {
  const OneProcessor here;
  auto& back = state_->object->bss->returned;
  back = {};
  const auto before = run_time_of(link.program);
  if (!before) return std::unexpected(before.error());
  std::chrono::duration<double, std::nano> duration{};
  auto ran = inside(state_->near_namespace, [&]() -> Result<void> {
    std::uint8_t frame[frame_bytes] = {};
    xdp_md context{};
    context.data_end = frame_bytes;
    context.ingress_ifindex = 1;
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = frame;
    options.data_size_in = frame_bytes;
    options.ctx_in = &context;
    options.ctx_size_in = sizeof context;
    options.repeat = static_cast<int>(frames);
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    options.batch_size = batch_frames;
    const auto start = std::chrono::steady_clock::now();
    const int code = bpf_prog_test_run_opts(bpf_program__fd(state_->object->progs.generate), &options);
    duration = std::chrono::steady_clock::now() - start;
    if (code == -EINTR) return fail("stopped", EINTR);
    if (code != 0) return fail_errno("the generator does not run", -code);
    return {};
  });
  if (!ran) return std::unexpected(ran.error());
  const auto after = run_time_of(link.program);
  if (!after) return std::unexpected(after.error());
  Pumped pumped;
  pumped.sent = frames;
  pumped.seen = after->count - before->count;
  pumped.returned = back.frames;
  pumped.as_expected = back.as_expected;
  pumped.frame_ns = duration.count() / frames;
  if (pumped.seen != 0) {
    pumped.program_ns =
        static_cast<double>(after->nanoseconds - before->nanoseconds) / static_cast<double>(pumped.seen);
  }
  return pumped;
}

Result<Pumped> Generator::pump(Method method, Kind kind, Order order, Flows flows, std::uint32_t frames) {
  state_->describe(state_->under_test, kind, order, flows);
  state_->expect(method, kind);
  return send(state_->under_test, frames);
}

Result<Pumped> Generator::pump_floor(std::uint32_t frames) {
  state_->describe(state_->floor, Kind::ack, Order::by_chance, {0, 1000});
  state_->object->bss->expectation = {};
  return send(state_->floor, frames);
}

}  // namespace ballast::bench
