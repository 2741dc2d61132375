// Where pins live: a BPF file system that outlives this process.
#pragma once

#include <string>

#include "base/error.h"

namespace ballast::director {

/// A directory on a BPF file system for the pins of `instance`, made if it is not there: on /sys/fs/bpf or
/// /run/ballast/bpf, whichever is one. A process with mounts of its own (as under `ip netns exec`, which hides
/// /sys/fs/bpf) uses that of its outermost ancestor, because a mount of its own would end with it. Where there is none,
/// it is mounted on /run/ballast/bpf. The path is good for as long as this process lives.
Result<std::string> pin_directory(const std::string& instance);

/// A BPF file system takes no dots in names: they become commas, and back.
std::string without_dots(std::string name);
std::string with_dots(std::string name);

/// Removes every pin in a directory made by pin_directory(); the directory stays.
void remove_pins_in(const std::string& directory);

/// Removes a directory made by pin_directory() with every pin in it.
void remove_pin_directory(const std::string& directory);

}  // namespace ballast::director
