#include "control/api.h"

namespace ballast::control {
namespace {

template <typename T>
bool allows(const std::optional<T>& wanted, const T& found) {
  return !wanted || *wanted == found;
}

}  // namespace

bool ConnectionFilter::matches(const ConnectionView& connection) const {
  return allows(protocol, connection.protocol) && (!client || client->contains(connection.client.address)) &&
         allows(client_port, connection.client.port) && allows(virtual_address, connection.virtual_address.address) &&
         allows(virtual_port, connection.virtual_address.port) && allows(server, connection.server.address) &&
         allows(server_port, connection.server.port) && (state.empty() || state == connection.state);
}

}  // namespace ballast::control
