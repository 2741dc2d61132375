// Where connections and listeners stand, which the packet programs share with this folder.
#pragma once

#include "director/abi.h"

namespace ballast::abi {
#include "bpf/hash.h"
}
