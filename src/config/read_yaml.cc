#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>

#include "base/fd.h"
#include "config/sections.h"
#include "config/sync.h"
#include "config/vrrp.h"
#include "config/yaml.h"

namespace ballast::config {
namespace {

constexpr std::array top_keys = {Key{"director"}, Key{"vrrp"},    Key{"sync"},      Key{"pools"},
                                 Key{"services"}, not_yet("dns"), not_yet("mysql"), not_yet("proxy")};

cluster::Cluster read_cluster(const Value& root) {
  cluster::Cluster cluster;
  if (root.is_null()) return cluster;
  const auto fields = root.fields(top_keys);
  if (!fields) return cluster;
  if (const auto section = fields->get("director")) cluster.director = read_director(*section);
  if (const auto section = fields->get("sync")) cluster.sync = read_sync(*section);
  if (const auto section = fields->get("vrrp")) cluster.vrrp = read_vrrp(*section);
  Pools pools;
  if (const auto section = fields->get("pools")) pools = read_pools(*section);
  if (const auto section = fields->get("services")) read_services(*section, pools, cluster);
  if (const auto section = fields->get("vrrp")) check_tracked_services(*section, cluster);
  if (const auto section = fields->get("sync")) check_followed_instances(*section, cluster);
  return cluster;
}

}  // namespace

std::expected<cluster::Cluster, std::vector<Problem>> check_yaml(std::string_view text, const std::string& file_name) {
  try {
    Problems problems(file_name);
    cluster::Cluster cluster;
    if (const NodePointer root = read_document(text, problems)) cluster = read_cluster(Value(root, "", problems));
    if (problems.empty()) return cluster;
    return std::unexpected(problems.sorted());
  } catch (const std::exception& error) {
    const Problem problem{.file = file_name, .at = {}, .message = fmt::format("cannot be read: {}", error.what())};
    return std::unexpected(std::vector<Problem>{problem});
  }
}

Result<cluster::Cluster> read_yaml(std::string_view text, const std::string& file_name) {
  auto cluster = check_yaml(text, file_name);
  if (cluster) return std::move(*cluster);
  return std::unexpected(to_error(cluster.error()));
}

Result<std::string> read_text(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno(path);
  std::string text;
  std::array<char, 65536> block{};
  while (text.size() <= largest_text_bytes) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(path);
    if (got == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  return fail(fmt::format("{}: larger than {} MiB; no configuration is", path, largest_text_bytes >> 20), EFBIG);
}

Result<cluster::Cluster> read_yaml_file(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return std::unexpected(text.error());
  return read_yaml(*text, path);
}

}  // namespace ballast::config
