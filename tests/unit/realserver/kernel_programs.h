// The packet programs, loaded into the kernel and run on single frames.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "bpf/realserver.skel.h"
#include "frames.h"
#include "realserver/counter_names.h"

namespace ballast::realserver::test {

struct Outcome {
  int verdict = 0;
  Bytes frame;
};

class KernelPrograms : public testing::Test {
 protected:
  static constexpr int pass = -1;
  static constexpr int drop = 2;

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to load packet programs";
    load(false);
  }

  /// `without_decap_flags`: as on kernels before 6.3.
  void load(bool without_decap_flags) {
    object_.reset(realserver_bpf__open());
    ASSERT_TRUE(object_);
    object_->rodata->without_decap_flags = without_decap_flags ? 1 : 0;
    ASSERT_EQ(realserver_bpf__load(object_.get()), 0);
    const std::uint32_t zero = 0;
    realserver_settings settings{};
    settings.gue_port = 6080;
    ASSERT_EQ(bpf_map_update_elem(bpf_map__fd(object_->maps.rs_settings), &zero, &settings, BPF_ANY), 0);
  }

  void add_local(const char* address) {
    const std::uint32_t one = 1;
    put(object_->maps.rs_local, address, &one);
  }
  void add_vip(const char* address, realserver_vip vip) { put(object_->maps.rs_vips, address, &vip); }

  Outcome unwrap(const Bytes& frame) { return run(object_->progs.ballast_decap, frame); }
  Outcome clamp(const Bytes& frame) { return run(object_->progs.ballast_mss, frame); }

  /// The counters that are not zero, by name.
  std::map<std::string, std::uint64_t> counters() {
    std::map<std::string, std::uint64_t> all;
    std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    for (std::uint32_t i = 0; i < REALSERVER_COUNTERS; ++i) {
      EXPECT_EQ(bpf_map_lookup_elem(bpf_map__fd(object_->maps.rs_counters), &i, per_cpu.data()), 0);
      std::uint64_t sum = 0;
      for (const auto value : per_cpu) sum += value;
      if (sum != 0) all[counter_names[i]] = sum;
    }
    return all;
  }

 private:
  struct Destroy {
    void operator()(realserver_bpf* object) const { realserver_bpf__destroy(object); }
  };

  static void put(const bpf_map* map, const char* address, const void* value) {
    realserver_address key{};
    std::memcpy(key.bytes, net::Address::parse(address)->bytes().data(), sizeof key.bytes);
    ASSERT_EQ(bpf_map_update_elem(bpf_map__fd(map), &key, value, BPF_ANY), 0);
  }

  static Outcome run(const bpf_program* program, const Bytes& frame) {
    Outcome outcome;
    outcome.frame.resize(4096);
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = frame.data();
    options.data_size_in = static_cast<std::uint32_t>(frame.size());
    options.data_out = outcome.frame.data();
    options.data_size_out = static_cast<std::uint32_t>(outcome.frame.size());
    const int rc = bpf_prog_test_run_opts(bpf_program__fd(program), &options);
    EXPECT_EQ(rc, 0) << std::strerror(-rc);
    outcome.frame.resize(options.data_size_out);
    outcome.verdict = static_cast<int>(options.retval);
    return outcome;
  }

  std::unique_ptr<realserver_bpf, Destroy> object_;
};

}  // namespace ballast::realserver::test
