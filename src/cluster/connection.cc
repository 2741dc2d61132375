#include "cluster/connection.h"

namespace ballast::cluster {

bool concerns_others(const Connection& connection) {
  if (connection.local_client) return false;
  if (connection.is_template) return true;
  const auto state = connection.state;
  return state == state_established || (state >= state_fin_wait && state <= state_last_ack) || state == state_udp ||
         (state >= state_sctp_established && state < state_sctp_end);
}

}  // namespace ballast::cluster
