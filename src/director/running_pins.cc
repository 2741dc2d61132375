#include "director/running_pins.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/fd.h"
#include "director/abi.h"
#include "director/bpffs.h"

namespace ballast::director {

Result<std::string> running_pins(const std::string& instance) {
  auto directory = pin_directory(instance);
  if (!directory) return directory;
  const Fd map(bpf_obj_get((*directory + "/settings").c_str()));
  if (!map) {
    ::rmdir(directory->c_str());  // where it was made just now; one with pins stays
    return fail(fmt::format("no packet path of instance '{}' is running: start one with 'ballast run --instance {}' or "
                            "'systemctl start ballast'",
                            instance, instance),
                ENOENT);
  }
  const std::uint32_t key = 0;
  abi::settings settings{};
  if (value_size(map.get()) != sizeof settings || bpf_map_lookup_elem(map.get(), &key, &settings) != 0 ||
      settings.abi != BALLAST_ABI) {
    return of_another_version();
  }
  return directory;
}

std::unexpected<Error> of_another_version() {
  return fail("the running packet path is of another version than this command: start the daemon of this version",
              EPROTO);
}

std::uint32_t value_size(int map) {
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  return bpf_obj_get_info_by_fd(map, &info, &length) == 0 ? info.value_size : 0;
}

}  // namespace ballast::director
