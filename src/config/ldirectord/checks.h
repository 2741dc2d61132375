// How ldirectord checks a real server, in the terms of the model.
#pragma once

#include "config/ldirectord/file.h"
#include "config/ldirectord/values.h"

namespace ballast::config::ldirectord {

/// The service that a virtual service is checked as: the written one, else that of its port, else "none".
std::string service_of(const Virtual& virtual_service);

/// The health of a server of the virtual service. Says what of it ldirectord would do otherwise.
cluster::ServerHealth health_of(const Virtual& virtual_service, const Real& real, const Globals& globals,
                                Context& context);

/// What is the same for all servers of a virtual service and worth a warning, said once.
void warn_about_checks(const Virtual& virtual_service, Context& context);

}  // namespace ballast::config::ldirectord
