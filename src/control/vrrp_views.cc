#include "control/vrrp_views.h"

#include <array>

#include "control/json_fields.h"

namespace ballast::control {
namespace json {

template <typename Fields, Is<VrrpTrackView> V>
void describe(Fields& fields, V& view) {
  fields.member("kind", view.kind);
  fields.member("name", view.name);
  fields.member("good", view.good);
  fields.member("value", view.value);
  fields.member("weight", view.weight);
  fields.member("reverse", view.reverse);
}

template <typename Fields, Is<VrrpCount> V>
void describe(Fields& fields, V& view) {
  fields.member("name", view.name);
  fields.member("value", view.value);
}

template <typename Fields, Is<VrrpView> V>
void describe(Fields& fields, V& view) {
  fields.member("name", view.name);
  fields.member("group", view.group);
  fields.member("interface", view.interface);
  fields.member("family", view.family);
  fields.member("version", view.version);
  fields.member("router_id", view.router_id);
  fields.member("state", view.state);
  fields.member("in_state_ms", view.in_state_ms);
  fields.member("why", view.why);
  fields.member("resigned", view.resigned);
  fields.member("configured_priority", view.configured_priority);
  fields.member("priority", view.priority);
  fields.member("because", view.because);
  fields.member("address", view.address);
  fields.member("active_router", view.active_router);
  fields.member("active_priority", view.active_priority);
  fields.member("interval_ms", view.interval_ms);
  fields.member("addresses", view.addresses);
  fields.member("tracks", view.tracks);
  fields.member("counters", view.counters);
  fields.member("refused", view.refused);
}

template <typename Fields, Is<VrrpStatus> V>
void describe(Fields& fields, V& status) {
  fields.member("instances", status.instances);
  fields.member("refused", status.refused);
  fields.member("greatest_lateness_us", status.greatest_lateness_us);
}

}  // namespace json

namespace {

std::vector<VrrpCount> refusals(const vrrp::RefusalCounts& counts) {
  std::vector<VrrpCount> all;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all.push_back({.name = std::string(vrrp::name_of(static_cast<vrrp::Refusal>(i))), .value = counts[i]});
  }
  return all;
}

VrrpTrackView view_of(const vrrp::Tracked& tracked) {
  static constexpr std::array<const char*, 6> kinds = {"interface", "script", "file", "process", "check", "director"};
  return {.kind = kinds[static_cast<std::size_t>(tracked.kind)],
          .name = tracked.name,
          .good = tracked.observation.good,
          .value = tracked.observation.value,
          .weight = tracked.weight,
          .reverse = tracked.reverse};
}

VrrpView view_of(const vrrp::InstanceView& instance) {
  const auto& counters = instance.counters;
  VrrpView view{.name = instance.name,
                .group = instance.group,
                .interface = instance.interface,
                .family = instance.family == net::Family::ipv4 ? "ipv4" : "ipv6",
                .version = instance.version,
                .router_id = instance.router_id,
                .state = std::string(to_string(instance.state)),
                .in_state_ms = static_cast<std::uint64_t>(instance.in_state.count()),
                .why = instance.why,
                .resigned = instance.resigned,
                .configured_priority = instance.configured_priority,
                .priority = instance.priority,
                .because = instance.because,
                .address = instance.address,
                .active_router = {},
                .interval_ms = static_cast<std::uint64_t>(instance.interval.count()),
                .addresses = {},
                .tracks = {},
                .counters = {{"sent", counters.sent},
                             {"received", counters.received},
                             {"leaving_sent", counters.leaving_sent},
                             {"leaving_heard", counters.leaving_heard},
                             {"became_active", counters.became_active},
                             {"mended", counters.mended}},
                .refused = refusals(counters.refused)};
  if (instance.active_router) {
    view.active_router = instance.active_router->source;
    view.active_priority = instance.active_router->priority;
  }
  for (const auto& address : instance.addresses) view.addresses.push_back(address.to_string());
  for (const auto& tracked : instance.tracked) view.tracks.push_back(view_of(tracked));
  return view;
}

}  // namespace

VrrpStatus view_of(const vrrp::EngineView& view) {
  VrrpStatus status{.instances = {},
                    .refused = refusals(view.refused),
                    .greatest_lateness_us = static_cast<std::uint64_t>(view.greatest_lateness.count())};
  for (const auto& instance : view.instances) status.instances.push_back(view_of(instance));
  return status;
}

boost::json::value to_json(const VrrpStatus& status) { return json::Codec<VrrpStatus>::encode(status); }

Result<VrrpStatus> vrrp_from_json(const boost::json::value& value) { return json::read<VrrpStatus>(value, "vrrp"); }

}  // namespace ballast::control
