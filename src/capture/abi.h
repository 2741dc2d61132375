// The structs that the packet programs share with this folder, and the code that reads a packet's ends in both.
#pragma once

#include "director/abi.h"

namespace ballast::abi {
#include "bpf/capture.h"
#include "bpf/capture_flow.h"

static_assert(sizeof(capture_record) == 312);
static_assert(sizeof(capture_orders) == 144);

}  // namespace ballast::abi
