#include "base/instance.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

namespace ballast {
namespace {

bool valid(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name != "." && name != ".." && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

std::string name_of_network_namespace() {
  struct stat own{};
  struct stat first{};
  if (stat("/proc/self/ns/net", &own) != 0) return "default";
  if (stat("/proc/1/ns/net", &first) == 0 && own.st_ino == first.st_ino) return "default";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/run/netns", error)) {
    struct stat named{};
    if (stat(entry.path().c_str(), &named) == 0 && named.st_ino == own.st_ino && named.st_dev == own.st_dev) {
      const std::string name = entry.path().filename();
      if (valid(name)) return name;
    }
  }
  // Process 1 may not be looked at (a container): whoever has no name is then the first one.
  return first.st_ino == 0 ? "default" : fmt::format("net-{}", own.st_ino);
}

}  // namespace

Result<std::string> instance_name(const std::string& option) {
  std::string name = option;
  if (const char* variable = std::getenv("BALLAST_INSTANCE"); name.empty() && variable != nullptr) name = variable;
  if (name.empty()) return name_of_network_namespace();
  if (!valid(name)) {
    return fail(fmt::format("instance name '{}' is not usable: take 1 to 64 letters, digits, '_', '.', '-'", name));
  }
  return name;
}

std::string runtime_directory(const std::string& instance) {
  const char* variable = std::getenv("BALLAST_RUNTIME_DIRECTORY");
  return fmt::format("{}/{}", variable != nullptr ? variable : "/run/ballast", instance);
}

std::string control_socket(const std::string& instance) { return runtime_directory(instance) + "/control.sock"; }

}  // namespace ballast
