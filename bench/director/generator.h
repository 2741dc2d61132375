// Frames made inside the kernel and met as native XDP at the other end of a veth: BPF_PROG_TEST_RUN with live frames
// runs a program that writes a frame and redirects it; what comes back is taken by another program on the near end.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "frame.h"
#include "network.h"

namespace ballast::bench {

enum class Order : std::uint8_t { in_turn, by_chance };

struct Flows {
  std::uint32_t first = 0;
  std::uint32_t count = 1;
};

/// What the program under test is expected to send.
enum class Method : std::uint8_t { route, tunnel, nat };

/// What a run of frames came to.
struct Pumped {
  std::uint64_t sent = 0;
  std::uint64_t seen = 0;         ///< by the program on the far end
  std::uint64_t returned = 0;     ///< frames that it sent back
  std::uint64_t as_expected = 0;  ///< ... with the right addresses, TTL and checksums
  double program_ns = 0;          ///< of the far program, per frame
  double frame_ns = 0;            ///< of everything, per frame
};

class Generator {
 public:
  /// Attaches the near side's programs and the reflector. The kernel's run-time statistics are on as long as this
  /// lives.
  static Result<Generator> attach(const Network& network);
  Generator(Generator&&) noexcept;
  Generator& operator=(Generator&&) noexcept;
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;
  ~Generator();

  /// Takes whatever XDP program the director's interface carries for the one to measure.
  Result<void> find_program_under_test();
  [[nodiscard]] int program_under_test() const;

  /// Sends frames through the program under test.
  Result<Pumped> pump(Method method, Kind kind, Order order, Flows flows, std::uint32_t frames);
  /// Sends frames through the reflector.
  Result<Pumped> pump_floor(std::uint32_t frames);

 private:
  struct Link {
    std::uint32_t near_index = 0;
    std::string near_mac;
    std::string far_mac;
    int program = -1;  ///< far program
  };
  struct State;
  explicit Generator(std::unique_ptr<State> state);
  Result<Pumped> send(const Link& link, std::uint32_t frames);
  std::unique_ptr<State> state_;
};

}  // namespace ballast::bench
