// A fixture with two network namespaces of its own, joined by a veth pair.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/fd.h"

namespace ballast::net::test {

inline constexpr const char* own_namespace = "/proc/thread-self/ns/net";

/// The test runs in the namespace `here`:
///
///     here: near0 02:00:00:00:00:01, 10.0.0.1/24, fd00::1/64 ---- far0 02:00:00:00:00:02, 10.0.0.2/24, fd00::2/64
///     :there
///
/// Both end with the test.
class NamespacesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make network namespaces";
    original_ = open_own();
    ASSERT_TRUE(original_);
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "this machine lets nobody make network namespaces";
    there_ = open_own();
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    here_ = open_own();
    const std::string there = fmt::format("/proc/{}/fd/{}", ::getpid(), there_.get());
    run("ip link set lo up");
    run("ip link add near0 address 02:00:00:00:00:01 type veth peer name far0 address 02:00:00:00:00:02 netns " +
        there);
    run("ip link set near0 up");
    run("ip addr add 10.0.0.1/24 dev near0");
    run("ip addr add fd00::1/64 dev near0 nodad");
    run_there("ip link set far0 up");
    run_there("ip addr add 10.0.0.2/24 dev far0");
    run_there("ip addr add fd00::2/64 dev far0 nodad");
  }

  void TearDown() override {
    if (!original_) return;
    ASSERT_EQ(::setns(original_.get(), CLONE_NEWNET), 0);
  }

  static void run(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }

  void run_there(const std::string& command) {
    ASSERT_EQ(::setns(there_.get(), CLONE_NEWNET), 0);
    run(command);
    ASSERT_EQ(::setns(here_.get(), CLONE_NEWNET), 0);
  }

 private:
  static Fd open_own() { return Fd(::open(own_namespace, O_RDONLY | O_CLOEXEC)); }

  Fd original_;
  Fd there_;
  Fd here_;
};

}  // namespace ballast::net::test
