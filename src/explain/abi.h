// The code that finds a connection's place, which the packet programs share with this folder.
#pragma once

#include "capture/abi.h"

namespace ballast::abi {
#include "bpf/hash.h"
}
