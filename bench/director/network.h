// Two network namespaces and two veth pairs between them: one to the program under test, one to the reflector.
//
//   near (the generator)                       far (the director)
//   sut   10.200.1.2, link address `gateway` ── sut   10.200.1.1 and the virtual address
//   floor                                    ── floor reflector
//
// Next hops of the far side are permanent neighbours that all have the near end's link address, so that what is
// forwarded leaves by the interface it came in by.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"

namespace ballast::bench {

inline constexpr const char* under_test = "sut";
inline constexpr const char* floor_link = "floor";
inline constexpr const char* virtual_address = "10.200.1.100";
inline constexpr const char* director_address = "10.200.1.1";
inline constexpr const char* first_server = "10.200.4.0";
inline constexpr int most_servers = 1024;
inline constexpr int virtual_port = 80;
inline constexpr int server_port = 8080;
/// Clients have addresses from here on, behind a router on the near side.
inline constexpr const char* first_client = "172.16.0.0";

/// Address of real server number i, below most_servers.
std::string server_address(int i);

class Network {
 public:
  /// Makes the namespaces, and first removes those that a killed run of this program left behind. `ballast` is the
  /// program that takes their packet path down. There are next hops for `servers` real servers.
  static Result<Network> make(const std::string& ballast, int servers);
  Network(Network&&) = default;
  Network& operator=(Network&&) = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network();

  [[nodiscard]] const std::string& near() const { return near_; }
  [[nodiscard]] const std::string& far() const { return far_; }
  [[nodiscard]] int servers() const { return servers_; }

 private:
  Network() = default;
  std::string near_;
  std::string far_;
  int servers_ = 0;
  std::shared_ptr<void> cleanup_;
};

/// Calls `task` with this thread in a network namespace, and comes back.
Result<void> inside(const std::string& network_namespace, const std::function<Result<void>()>& task);

/// The link address of an interface of the namespace this thread is in: six bytes.
Result<std::string> link_address(const std::string& interface);

}  // namespace ballast::bench
