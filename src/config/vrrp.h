// `vrrp:`, the section of virtual routers.
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/model.h"
#include "config/value.h"

namespace ballast::config {

/// Keys of `vrrp:` that are not names of instances.
inline constexpr std::array<std::string_view, 7> vrrp_words = {"groups", "scripts",     "files", "processes",
                                                               "static", "notify_fifo", "alerts"};

inline constexpr std::array<Choice<net::Family>, 2> family_words = {
    {{"ipv4", net::Family::ipv4}, {"ipv6", net::Family::ipv6}}};
inline constexpr std::array<Choice<cluster::V3Checksum>, 2> v3_checksum_words = {
    {{"rfc5798", cluster::V3Checksum::rfc5798}, {"rfc9568", cluster::V3Checksum::rfc9568}}};
inline constexpr std::array<Choice<cluster::HmacMode>, 3> hmac_mode_words = {
    {{"enforce", cluster::HmacMode::enforce},
     {"permissive", cluster::HmacMode::permissive},
     {"receive-only", cluster::HmacMode::receive_only}}};
inline constexpr std::array<Choice<cluster::AntiReplay>, 2> anti_replay_words = {
    {{"time", cluster::AntiReplay::time}, {"monotonic", cluster::AntiReplay::monotonic}}};
inline constexpr std::array<Choice<cluster::Track::Kind>, 6> track_words = {
    {{"interface", cluster::Track::Kind::interface},
     {"script", cluster::Track::Kind::script},
     {"file", cluster::Track::Kind::file},
     {"process", cluster::Track::Kind::process},
     {"check", cluster::Track::Kind::check},
     {"director", cluster::Track::Kind::director}}};

/// A setting that is a duration, and how long it may be.
template <typename T>
struct DurationKey {
  std::string_view name;
  std::chrono::milliseconds T::* member;
  std::chrono::milliseconds least;
  std::chrono::milliseconds greatest;
};

/// A setting that is true or false.
template <typename T>
struct FlagKey {
  std::string_view name;
  bool T::* member;
};

/// A setting that is text.
template <typename T>
struct TextKey {
  std::string_view name;
  std::string T::* member;
};

/// "10.0.0.1 on eth0" for each address of an instance. No two instances may have one of them: where one lets go of it,
/// the other would lose it.
std::set<std::string> addresses_on_interfaces(const cluster::VrrpInstance& instance);

inline constexpr std::chrono::milliseconds one_day{86'400'000};

inline constexpr std::array<DurationKey<cluster::VrrpInstance>, 4> instance_durations = {
    {{"interval", &cluster::VrrpInstance::interval, std::chrono::milliseconds{10}, std::chrono::milliseconds{255'000}},
     {"preempt_delay", &cluster::VrrpInstance::preempt_delay, std::chrono::milliseconds{0}, one_day},
     {"lease", &cluster::VrrpInstance::lease, std::chrono::milliseconds{0}, one_day},
     {"start_delay", &cluster::VrrpInstance::start_delay, std::chrono::milliseconds{0}, one_day}}};
inline constexpr std::array<FlagKey<cluster::VrrpInstance>, 6> instance_flags = {
    {{"preempt", &cluster::VrrpInstance::preempt},
     {"accept", &cluster::VrrpInstance::accept},
     {"check_source", &cluster::VrrpInstance::check_source},
     {"track_source", &cluster::VrrpInstance::track_source},
     {"lower_priority_no_advertisement", &cluster::VrrpInstance::lower_priority_no_advertisement},
     {"higher_priority_send_advertisement", &cluster::VrrpInstance::higher_priority_send_advertisement}}};
inline constexpr std::array<TextKey<cluster::VrrpNotify>, 8> notify_texts = {
    {{"master", &cluster::VrrpNotify::master},
     {"backup", &cluster::VrrpNotify::backup},
     {"fault", &cluster::VrrpNotify::fault},
     {"stop", &cluster::VrrpNotify::stop},
     {"lower_priority", &cluster::VrrpNotify::master_receives_lower_priority},
     {"any", &cluster::VrrpNotify::any},
     {"deleted", &cluster::VrrpNotify::deleted},
     {"user", &cluster::VrrpNotify::user}}};
inline constexpr std::array<DurationKey<cluster::AnnouncePolicy>, 3> announce_durations = {
    {{"delay", &cluster::AnnouncePolicy::delay, std::chrono::milliseconds{0}, one_day},
     {"refresh", &cluster::AnnouncePolicy::refresh, std::chrono::milliseconds{0}, one_day},
     {"lower_priority_delay", &cluster::AnnouncePolicy::lower_priority_delay, std::chrono::milliseconds{0}, one_day}}};
struct CountKey {
  std::string_view name;
  std::uint32_t cluster::AnnouncePolicy::* member;
};
inline constexpr std::array<CountKey, 4> announce_counts = {
    {{"repeat", &cluster::AnnouncePolicy::repeat},
     {"delayed_repeat", &cluster::AnnouncePolicy::delayed_repeat},
     {"refresh_repeat", &cluster::AnnouncePolicy::refresh_repeat},
     {"lower_priority_repeat", &cluster::AnnouncePolicy::lower_priority_repeat}}};

/// Reads `vrrp:`. What is wrong is left out.
cluster::VrrpSettings read_vrrp(const Value& section);
/// What `vrrp:` tracks of services must be there.
void check_tracked_services(const Value& section, const cluster::Cluster& cluster);

/// The lines of `vrrp:` without its first one, each indented by two blanks; none where there is nothing to say.
std::vector<std::string> vrrp_lines(const cluster::VrrpSettings& settings);

}  // namespace ballast::config
