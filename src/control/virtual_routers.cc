#include "control/virtual_routers.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <utility>

namespace ballast::control {
namespace {

using Kind = cluster::Track::Kind;

std::unexpected<Error> no_instance(const std::string& name) {
  return fail(fmt::format("no VRRP instance {}", name), ENOENT);
}

/// An instance that is moved to an interface must find it there: its addresses would be lost otherwise. Where it was
/// always to be there, it may come and go.
Result<void> check_interfaces(const cluster::VrrpSettings& before, const cluster::VrrpSettings& after) {
  for (const auto& instance : after.instances) {
    const auto old = std::ranges::find(before.instances, instance.name, &cluster::VrrpInstance::name);
    const bool same = old != before.instances.end() && old->interface == instance.interface;
    if (same || ::if_nametoindex(instance.interface.c_str()) != 0) continue;
    return fail(fmt::format("VRRP instance {}: there is no interface {}", instance.name, instance.interface), ENODEV);
  }
  return {};
}

}  // namespace

Result<void> VirtualRouters::apply(const cluster::VrrpSettings& settings) {
  if (settings == settings_) return {};
  if (plane_) {
    if (auto known = check_interfaces(settings_, settings); !known) return known;
  }
  if (!plane_) {
    auto opened = open_([happened = happened_](const vrrp::Event& event) {
      const std::scoped_lock lock(happened->mutex);
      happened->events.push_back(event);
    });
    if (!opened) return fail(fmt::format("VRRP: {}", opened.error().message), opened.error().code);
    plane_ = std::move(*opened);
    plane_->observe(Kind::director, "", {.good = director_alive_});
    for (const auto& [name, up] : services_) plane_->observe(Kind::check, name, {.good = up});
  }
  plane_->apply(settings);
  settings_ = settings;
  return {};
}

void VirtualRouters::tell_director(bool alive) {
  director_alive_ = alive;
  if (plane_) plane_->observe(Kind::director, "", {.good = alive});
}

void VirtualRouters::tell_services(const cluster::Cluster& desired, const cluster::Health& health) {
  for (const auto& service : desired.services) {
    if (service.name.empty()) continue;
    const auto known = health.find(service.key);
    const bool up = known == health.end() || known->second.up;
    const auto told = services_.try_emplace(service.name, true).first;
    if (std::exchange(told->second, up) != up && plane_) plane_->observe(Kind::check, service.name, {.good = up});
  }
}

Result<void> VirtualRouters::resign(const std::string& name) {
  return plane_ ? plane_->resign(name) : Result<void>(no_instance(name));
}

Result<void> VirtualRouters::reclaim(const std::string& name) {
  return plane_ ? plane_->reclaim(name) : Result<void>(no_instance(name));
}

std::vector<vrrp::Event> VirtualRouters::take_events() {
  const std::scoped_lock lock(happened_->mutex);
  return std::exchange(happened_->events, {});
}

void VirtualRouters::leave() {
  plane_.reset();
  settings_ = {};
}

VrrpStatus VirtualRouters::status() const { return plane_ ? view_of(plane_->view()) : VrrpStatus{}; }

}  // namespace ballast::control
