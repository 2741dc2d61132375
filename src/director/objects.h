// The BPF objects that are built in: both packet programs, generated when they are compiled.
#pragma once

#include <bpf/libbpf.h>

#include <string_view>

#include "director/abi.h"

// The generated code names the types of variables as C does.
using ballast::abi::arrivals;
using ballast::abi::live;
using ballast::abi::settings;

#include "bpf/director_tc.skel.h"
#include "bpf/director_xdp.skel.h"

namespace ballast::director {

/// The name of a map that both programs share and that is pinned. What programs reach without a lookup is a variable in
/// a section of its own, ".data.NAME". Empty for a map that belongs to one object.
inline std::string_view shared_name(const bpf_map* map) {
  constexpr std::string_view section = ".data.";
  const std::string_view name = bpf_map__name(map);
  if (!bpf_map__is_internal(map)) return name;
  return name.starts_with(section) ? name.substr(section.size()) : std::string_view();
}

}  // namespace ballast::director
