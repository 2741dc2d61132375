#include "config/sources/sources.h"

#include <algorithm>
#include <iterator>

#include "config/keepalived/keepalived.h"
#include "config/ldirectord/ldirectord.h"
#include "config/sources/merge.h"
#include "config/yaml.h"

namespace ballast::config {
namespace {

std::expected<Reading, std::vector<Problem>> read_native(std::string_view text, const std::string& path) {
  auto cluster = check_yaml(text, path);
  if (!cluster) return std::unexpected(std::move(cluster.error()));
  Reading reading;
  reading.cluster = std::move(*cluster);
  const auto file = std::make_shared<const std::string>(path);
  reading.service_places.assign(reading.cluster.services.size(), Place{file, 0});
  reading.files = {path};
  return reading;
}

std::expected<Reading, std::vector<Problem>> read_source(const Source& source, const Names& names) {
  if (source.text) return read_as(source.format, *source.text, source.path, names);
  const auto text = read_text(source.path);
  if (text) return read_as(source.format, *text, source.path, names);
  // The path stands in front of the system's words already.
  const std::string reason = text.error().message.substr(std::min(source.path.size() + 2, text.error().message.size()));
  return std::unexpected(std::vector<Problem>{{.file = source.path, .at = {}, .message = reason}});
}

}  // namespace

std::expected<Reading, std::vector<Problem>> read_as(Format format, std::string_view text, const std::string& path,
                                                     const Names& names) {
  switch (format) {
    case Format::ldirectord:
      return read_ldirectord(text, path, names);
    case Format::keepalived:
      return read_keepalived(text, path, names, system_files());
    case Format::yaml:
      break;
  }
  return read_native(text, path);
}

std::expected<Reading, std::vector<Problem>> read_sources(const std::vector<Source>& sources, const Names& names) {
  Reading whole;
  std::vector<Problem> problems;
  for (const Source& source : sources) {
    auto part = read_source(source, names);
    if (!part) {
      std::ranges::move(part.error(), std::back_inserter(problems));
      continue;
    }
    merge(whole, std::move(*part), source.path, problems);
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return whole;
}

}  // namespace ballast::config
