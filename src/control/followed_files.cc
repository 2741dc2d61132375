#include "control/followed_files.h"

#include <utility>

#include "config/yaml.h"

namespace ballast::control {
namespace {

bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

bool same(const struct ::stat& a, const struct ::stat& b) {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == b.st_size && same(a.st_mtim, b.st_mtim) &&
         same(a.st_ctim, b.st_ctim);
}

}  // namespace

FollowedFiles::FollowedFiles(const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    File& file = files_.emplace_back();
    file.path = path;
    look(file);
    look(file);
  }
}

bool FollowedFiles::look(File& file) {
  struct ::stat now{};
  if (::stat(file.path.c_str(), &now) != 0 || now.st_size == 0 || same(now, file.seen)) return false;
  if (!same(std::exchange(file.before, now), now)) return false;
  auto text = config::read_text(file.path);
  if (!text) return false;
  file.seen = now;
  return std::exchange(file.text, std::move(*text)) != file.text;
}

std::vector<std::string> FollowedFiles::changed() {
  std::vector<std::string> paths;
  for (File& file : files_) {
    if (look(file)) paths.push_back(file.path);
  }
  return paths;
}

}  // namespace ballast::control
