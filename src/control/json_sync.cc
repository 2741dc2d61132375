#include "control/json_sync.h"

#include "control/json.h"

namespace ballast::control {

using json::Codec;

boost::json::value to_json(const SyncView& view) { return Codec<SyncView>::encode(view); }
boost::json::value to_json(const cluster::KernelSync& daemon) { return Codec<cluster::KernelSync>::encode(daemon); }

template <>
Result<SyncView> from_json(const boost::json::value& value) {
  return json::read<SyncView>(value, "sync");
}
template <>
Result<cluster::KernelSync> from_json(const boost::json::value& value) {
  return json::read<cluster::KernelSync>(value, "daemon");
}

}  // namespace ballast::control
