#include "control/estimator.h"

namespace ballast::control {
namespace {

/// Fixed point with `bits` behind the point.
struct Scale {
  unsigned bits;

  /// One step of the mean: the interval is 2 s, so a count is scaled by one bit less to be a rate.
  void step(std::uint64_t& mean, std::uint64_t& last, std::uint64_t now) const {
    const std::uint64_t counted = now >= last ? now - last : now;
    const auto difference = static_cast<std::int64_t>((counted << (bits - 1)) - mean);
    mean += static_cast<std::uint64_t>(difference >> 2);
    last = now;
  }

  /// To the nearest whole, halves down.
  [[nodiscard]] std::uint64_t read(std::uint64_t mean) const {
    return (mean + (std::uint64_t{1} << (bits - 1)) - 1) >> bits;
  }
};

constexpr Scale counts{10};
constexpr Scale bytes{5};

}  // namespace

void Estimator::step(const Stats& stats) {
  counts.step(mean_.connections, last_.connections, stats.connections);
  counts.step(mean_.packets_in, last_.packets_in, stats.packets_in);
  counts.step(mean_.packets_out, last_.packets_out, stats.packets_out);
  bytes.step(mean_.bytes_in, last_.bytes_in, stats.bytes_in);
  bytes.step(mean_.bytes_out, last_.bytes_out, stats.bytes_out);
}

Stats Estimator::rates() const {
  return {.connections = counts.read(mean_.connections),
          .packets_in = counts.read(mean_.packets_in),
          .packets_out = counts.read(mean_.packets_out),
          .bytes_in = bytes.read(mean_.bytes_in),
          .bytes_out = bytes.read(mean_.bytes_out)};
}

}  // namespace ballast::control
