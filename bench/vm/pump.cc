// bench-pump: sends frames through a director between a client and a server, and prints what one of them costs the
// whole system: elapsed time by frames, from the making of the first to the arrival of the last. Where the clock counts
// instructions, that is instructions.
//
//   client            director            server        (network namespaces)
//   near ──────────── in    out ───────── far
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "bench/director/frame.h"
#include "bench/director/generator_abi.h"
#include "bench/director/network.h"
#include "bpf/bench_generator.skel.h"

using namespace std::chrono_literals;

namespace ballast::bench {
namespace {

constexpr std::uint32_t frame_bytes = 60;
constexpr std::uint32_t batch_frames = 64;
constexpr std::uint32_t servers = 4;
/// How long the last frames may be on their way. They are not more than the queue of a veth, 256.
constexpr std::chrono::milliseconds look_again(1);
constexpr int patience = 1000;

struct End {
  const char* host;
  const char* interface;
  std::uint32_t index;
  std::string mac;
};

/// What is to become of the frames. The first four are programs of the generator's own in the director's place.
enum class Way { nothing, drop, reflect, redirect, route, tunnel, nat };

struct Options {
  Way way = Way::nat;
  Kind kind = Kind::ack;
  bool in_turn = false;
  bool judge = false;
  std::uint32_t first = 0;
  std::uint32_t flows = 1000;
  std::uint32_t frames = 100'000;
};

bool is_floor(Way way) {
  return way == Way::nothing || way == Way::drop || way == Way::reflect || way == Way::redirect;
}

Result<void> look_at(End& end) {
  return inside(end.host, [&end]() -> Result<void> {
    auto mac = link_address(end.interface);
    if (!mac) return std::unexpected(mac.error());
    end.mac = *mac;
    end.index = if_nametoindex(end.interface);
    return {};
  });
}

/// Replaces the XDP program of an interface; -1 for none.
Result<void> attach(const End& end, int program) {
  return inside(end.host, [&]() -> Result<void> {
    if (bpf_xdp_attach(static_cast<int>(end.index), program, XDP_FLAGS_DRV_MODE, nullptr) == 0) return {};
    return fail_errno(fmt::format("cannot attach a program to {} of {}", end.interface, end.host));
  });
}

class Pump {
 public:
  explicit Pump(const Options& options) : options_(options) {}

  /// Nanoseconds of the clock per frame. An error if not every frame arrived, as it should.
  Result<double> run() {
    for (End* end : {&near_, &in_, &out_, &far_}) {
      if (auto looked = look_at(*end); !looked) return std::unexpected(looked.error());
    }
    object_.reset(bench_generator_bpf__open_and_load());
    if (!object_) return fail_errno("cannot load the generator (run as root, on Linux 5.18 or newer)");
    describe();
    if (auto done = place_programs(); !done) return std::unexpected(done.error());
    auto cost = send();
    if (is_floor(options_.way)) {
      if (auto removed = attach(in_, -1); !removed) return std::unexpected(removed.error());
    }
    if (!cost) return cost;
    if (options_.way == Way::nothing) return cost;
    const auto& back = object_->bss->returned;
    if (back.frames != options_.frames || (options_.judge && back.as_expected != options_.frames)) {
      return fail(fmt::format("of {} frames {} arrived, {} of them as they should be", options_.frames, back.frames,
                              back.as_expected));
    }
    return cost;
  }

 private:
  bool to_client() const { return options_.kind == Kind::reply; }
  const End& source() const { return to_client() ? far_ : near_; }
  const End& source_peer() const { return to_client() ? out_ : in_; }
  const End& sink() const { return to_client() ? near_ : far_; }

  void describe() {
    auto& order = object_->bss->order;
    describe_frame(order, options_.kind, source().mac, source_peer().mac);
    order.out_ifindex = options_.way == Way::nothing ? 0 : source().index;
    order.frames = options_.frames;
    order.first_flow = options_.first;
    order.flows = options_.flows;
    order.servers = servers;
    order.in_order = options_.in_turn;
    order.forward_to = out_.index;
    auto& expectation = object_->bss->expectation;
    sink().mac.copy(reinterpret_cast<char*>(expectation.destination_mac), sizeof expectation.destination_mac);
    expectation.ttl = sent_ttl - 1;
    if (to_client())
      expectation.source = inet_addr(virtual_address);
    else if (options_.way == Way::route)
      expectation.first_server = inet_addr(virtual_address);
    else
      expectation.first_server = inet_addr(first_server);
    if (options_.way == Way::tunnel) {
      expectation.is_tunnel = 1;
      expectation.outer_source = inet_addr(director_address);
    }
  }

  Result<void> place_programs() {
    const auto& programs = object_->progs;
    const int taker = bpf_program__fd(options_.judge ? programs.collect : programs.take);
    for (const End* end : {&near_, &far_}) {
      if (auto attached = attach(*end, taker); !attached) return attached;
    }
    if (!is_floor(options_.way)) return {};
    const bpf_program* floor = options_.way == Way::drop      ? programs.take
                               : options_.way == Way::reflect ? programs.reflector
                                                              : programs.redirector;
    return attach(in_, bpf_program__fd(floor));
  }

  Result<double> send() {
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
    options.repeat = static_cast<int>(options_.frames);
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    options.batch_size = batch_frames;
    double cost = 0;
    auto ran = inside(source().host, [&]() -> Result<void> {
      const int code = bpf_prog_test_run_opts(bpf_program__fd(object_->progs.generate), &options);
      const auto ran_until = std::chrono::steady_clock::now().time_since_epoch();
      if (code != 0) return fail_errno("the generator does not run", -code);
      const volatile auto& back = object_->bss->returned;
      for (int i = 0; i < patience && back.frames < options_.frames; ++i) std::this_thread::sleep_for(look_again);
      const std::uint64_t end = back.finished_ns != 0 ? back.finished_ns : static_cast<std::uint64_t>(ran_until / 1ns);
      cost = static_cast<double>(end - back.started_ns) / options_.frames;
      return {};
    });
    if (!ran) return std::unexpected(ran.error());
    return cost;
  }

  Options options_;
  std::unique_ptr<bench_generator_bpf, decltype(&bench_generator_bpf__destroy)> object_{nullptr,
                                                                                        &bench_generator_bpf__destroy};
  End near_{"client", "near", 0, {}};
  End in_{"director", "in", 0, {}};
  End out_{"director", "out", 0, {}};
  End far_{"server", "far", 0, {}};
};

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Sends frames through a director, and prints what one of them costs the whole system");
  const std::map<std::string, Way> ways{
      {"nothing", Way::nothing}, {"drop", Way::drop},     {"reflect", Way::reflect}, {"redirect", Way::redirect},
      {"route", Way::route},     {"tunnel", Way::tunnel}, {"nat", Way::nat}};
  const std::map<std::string, Kind> kinds{
      {"syn", Kind::syn}, {"ack", Kind::ack}, {"reply", Kind::reply}, {"datagram", Kind::datagram}};
  app.add_option("WAY", options.way, "nothing, drop, reflect, redirect (no director), route, tunnel, nat")
      ->required()
      ->transform(CLI::CheckedTransformer(ways));
  app.add_option("KIND", options.kind, "syn, ack, reply or datagram")
      ->required()
      ->transform(CLI::CheckedTransformer(kinds));
  app.add_option("--first", options.first, "Number of the first flow");
  app.add_option("--flows", options.flows, "How many flows")->check(CLI::PositiveNumber);
  app.add_option("--frames", options.frames, "How many frames")->check(CLI::Range(1, 100'000'000));
  app.add_flag("--in-turn", options.in_turn, "One flow after the other instead of by chance");
  app.add_flag("--judge", options.judge, "Look at addresses, TTL and checksums of what arrives, which costs");
  CLI11_PARSE(app, argc, argv);
  const auto cost = Pump(options).run();
  if (!cost) {
    fmt::print(stderr, "bench-pump: {}\n", cost.error().message);
    return 1;
  }
  fmt::print("{:.0f}\n", *cost);
  return 0;
}

}  // namespace
}  // namespace ballast::bench

int main(int argc, char** argv) { return ballast::bench::main(argc, argv); }
