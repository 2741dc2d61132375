// What becomes of a packet, in words; and why it does not go on to a real server or a client.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "explain/explain.h"

namespace ballast::explain {

/// "passed to the kernel, XDP_PASS; then forwarded, TC_ACT_REDIRECT"
std::string verdict_words(const Answer& answer);
/// What the programs changed, see changes_of(). Empty for a packet that is dropped or answered.
std::vector<std::string> rewrites_of(const Answer& answer);
/// "ICMP 10.0.0.13 > 1.2.3.4: port unreachable"; empty where the packet is not answered.
std::string answer_words(const Answer& answer);

struct Reason {
  std::string why;
  std::string remedy;  ///< empty: there is nothing to do
};

/// None where the packet is forwarded.
std::optional<Reason> reason_of(const Answer& answer);

}  // namespace ballast::explain
