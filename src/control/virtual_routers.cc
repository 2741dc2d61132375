#include "control/virtual_routers.h"

#include <fmt/format.h>

#include <utility>

namespace ballast::control {
namespace {

using Kind = cluster::Track::Kind;

std::unexpected<Error> no_instance(const std::string& name) {
  return fail(fmt::format("no VRRP instance {}", name), ENOENT);
}

}  // namespace

Result<void> VirtualRouters::apply(const cluster::VrrpSettings& settings) {
  if (settings == settings_) return {};
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
