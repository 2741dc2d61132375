// links: ballast_config_keepalived
// Any bytes as a keepalived.conf, which may include two files: read, or refused in lines that name the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/keepalived/keepalived.h"
#include "config/yaml.h"
#include "tests/unit/config/known_names.h"

namespace {

const ballast::config::Files files{
    .read = [](const std::string& path) -> ballast::Result<std::string> {
      if (path.ends_with("self")) return "include self\n$A=1\n";
      return "vrrp_script included {\nscript /bin/true\n}\n";
    },
    .match = [](const std::string& pattern) -> std::vector<std::string> {
      if (pattern.ends_with("/self") || pattern.ends_with("/other")) return {pattern};
      return {};
    },
};

void require_lines(const std::vector<ballast::config::Problem>& problems) {
  for (const auto& problem : problems) {
    const std::string line = to_string(problem);
    if (line.find('\n') != std::string::npos || problem.file.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto reading = ballast::config::read_keepalived(text, "fuzz.conf", ballast::config::known_names(), files);
  if (!reading) {
    require_lines(reading.error());
    return 0;
  }
  require_lines(reading->warnings);
  if (!ballast::config::read_yaml(ballast::config::write_yaml(reading->cluster), "written.yaml")) std::abort();
  return 0;
}
