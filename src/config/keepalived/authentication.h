// What vouches for the advertisements of a vrrp_instance.
#pragma once

#include "cluster/vrrp.h"
#include "config/keepalived/keywords.h"

namespace ballast::config::keepalived {

/// The block `authentication`.
void read_password(cluster::VrrpSecurity& security, const Node& block, Context& context);
/// The block `auth_hmac` of keepalived 2.4.
void read_hmac(cluster::VrrpSecurity& security, const Node& block, Context& context);

/// When all of the instance is read: version 3 has no passwords, which is warned of; auth_hmac's time_window is three
/// advert_ints, and 5 s at least, where the file does not say it.
void settle_authentication(cluster::VrrpInstance& instance, const Place& at, Context& context);

}  // namespace ballast::config::keepalived
