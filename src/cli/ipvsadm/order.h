// The order of services and servers in a list.
#pragma once

#include <vector>

#include "control/api.h"

namespace ballast::ipvsadm {

/// Sorts as ipvsadm 1.31 does: services by mark, family, protocol, address and port; servers by address and port.
/// Numbers are compared by the sign of their 32-bit difference, so that addresses and marks that are 2^31 or more apart
/// come out the wrong way round (192.168.0.1 before 10.0.0.1). That order has cycles: where it has, the result depends
/// on the order before, and is the one that the merge sort of glibc's qsort comes to.
void sort(std::vector<control::ServiceView>& services);
void sort(std::vector<control::ServerView>& servers);

}  // namespace ballast::ipvsadm
