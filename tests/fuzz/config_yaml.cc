// links: ballast_config
// Any bytes as a configuration: read, or refused in one line; what is read is written and read back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/yaml.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// A service keeps its pool in writing only where its servers still are the pool's.
ballast::cluster::Cluster without_pools(ballast::cluster::Cluster cluster) {
  for (auto& service : cluster.services) service.pool.clear();
  return cluster;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cluster = ballast::config::read_yaml(text, "fuzz.yaml");
  if (!cluster) {
    require(cluster.error().message.starts_with("fuzz.yaml:"));
    require(cluster.error().message.find('\n') == std::string::npos);
    return 0;
  }
  const auto again = ballast::config::read_yaml(ballast::config::write_yaml(*cluster), "written.yaml");
  require(again.has_value());
  require(without_pools(*again) == without_pools(*cluster));
  return 0;
}
