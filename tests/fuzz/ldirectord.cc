// links: ballast_config_ldirectord
// Any bytes as an ldirectord.cf: read, or refused in lines that name the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/ldirectord/ldirectord.h"
#include "config/yaml.h"
#include "tests/unit/config/known_names.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto reading = ballast::config::read_ldirectord(text, "fuzz.cf", ballast::config::known_names());
  const auto require_lines = [](const std::vector<ballast::config::Problem>& problems) {
    for (const auto& problem : problems) {
      const std::string line = to_string(problem);
      if (!line.starts_with("fuzz.cf:") || line.find('\n') != std::string::npos) std::abort();
    }
  };
  if (!reading) {
    require_lines(reading.error());
    return 0;
  }
  require_lines(reading->warnings);
  if (!ballast::config::read_yaml(ballast::config::write_yaml(reading->cluster), "written.yaml")) std::abort();
  return 0;
}
