#include "config/keepalived/files.h"

#include <glob.h>

#include "config/yaml.h"

namespace ballast::config {
namespace {

std::vector<std::string> match(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_BRACE, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return paths;
}

}  // namespace

Files system_files() { return {.read = read_text, .match = match}; }

}  // namespace ballast::config
