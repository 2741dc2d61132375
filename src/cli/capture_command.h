// `ballast capture`: what the command line says, and its lines of text.
#pragma once

#include <cstdint>
#include <string>

#include "capture/filter.h"
#include "capture/frames.h"
#include "cli/connections_command.h"

namespace ballast::cli {

struct CaptureOptions {
  ConnectionOptions filter;  ///< those options that connections have too
  std::string file;          ///< "-": stdout; empty: text
  std::uint64_t count = 0;   ///< end after so many packets; 0: go on
  double seconds = 0;        ///< end after that time; 0: go on
  std::uint32_t snap_length = CAPTURE_BYTES_MAX;
  bool only_in = false;
  bool only_out = false;
};

/// The conditions that the options ask for. The Error names the option.
Result<capture::Conditions> conditions_of(const ConnectionOptions& options);

/// "12:00:00.123456789 eth0  tc   in   TCP 10.0.0.2:4000 > 10.0.0.1:80 [S] length 74: forwarded, TC_ACT_REDIRECT
/// (forwarded_nat)"; `time` in ns since 1970, written as local time.
std::string capture_line(const capture::Frame& frame, const std::string& interface, std::uint64_t time);

}  // namespace ballast::cli
