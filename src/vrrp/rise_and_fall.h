// When results in a row change what is believed.
#pragma once

#include <cstdint>
#include <optional>

namespace ballast::vrrp {

class RiseAndFall {
 public:
  /// `believed` is what holds before any result; the first one holds at once.
  RiseAndFall(std::uint32_t rise, std::uint32_t fall, std::optional<bool> believed)
      : rise_(rise), fall_(fall), believed_(believed) {}

  /// Takes a result in and gives what is believed now.
  bool add(bool good) {
    if (!believed_) believed_ = good;
    in_a_row_ = good == *believed_ ? 0 : in_a_row_ + 1;
    if (in_a_row_ >= (good ? rise_ : fall_) && in_a_row_ > 0) {
      believed_ = good;
      in_a_row_ = 0;
    }
    return *believed_;
  }

 private:
  std::uint32_t rise_;
  std::uint32_t fall_;
  std::optional<bool> believed_;
  std::uint32_t in_a_row_ = 0;
};

}  // namespace ballast::vrrp
