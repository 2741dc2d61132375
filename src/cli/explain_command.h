// `ballast explain`: what the command line says, and the answer as text.
#pragma once

#include <cstdint>
#include <string>

#include <boost/json/object.hpp>

#include "base/error.h"
#include "explain/explain.h"

namespace ballast::cli {

struct ExplainOptions {
  std::string from;  ///< address, or address and port
  std::string to;    ///< likewise
  std::string protocol = "tcp";
  std::string flags;  ///< "syn", "rst,ack"; empty: as is usual
  std::string interface;
  std::uint32_t mark = 0;
  std::uint16_t length = 0;
  std::uint16_t ttl = 64;
  bool dont_fragment = false;
  bool as_json = false;
};

/// The question that the options ask. The Error names the option.
Result<explain::Question> question_of(const ExplainOptions& options);

/// A line for each thing that the packet meets.
std::string explain_text(const explain::Answer& answer);
boost::json::object explain_json(const explain::Answer& answer);

}  // namespace ballast::cli
