#include "director/local_clients.h"

#include "base/log.h"
#include "director/attachment.h"
#include "net/sysctl.h"

namespace ballast::director {
namespace {

constexpr const char* loopback = "lo";
constexpr std::uint32_t loopback_index = 1;  ///< in every network namespace
constexpr const char* accept_local = "net.ipv4.conf.lo.accept_local";
constexpr const char* source_check = "net.ipv4.conf.lo.rp_filter";
constexpr const char* default_source_check = "net.ipv4.conf.default.rp_filter";
constexpr const char* loose = "2";

}  // namespace

Result<void> LocalClients::apply(bool wanted) {
  if (wanted == attached_) return {};
  if (!wanted) {
    detach_from_local_clients(directory_);
    attached_ = false;
    return {};
  }
  if (auto done = attach_tc({loopback, loopback_index}, TcPoint::egress, path_.outgoing_program(), directory_); !done) {
    return done;
  }
  if (auto set = net::set_sysctl(accept_local, "1"); !set) log::warning("{}", set.error().message);
  attached_ = true;
  return {};
}

Result<void> LocalClients::reattach() {
  if (!attached_) return {};
  return attach_tc({loopback, loopback_index}, TcPoint::egress, path_.outgoing_program(), directory_);
}

void accept_replies_from_anywhere() {
  const auto now = net::read_sysctl(source_check);
  if (!now || *now == loose) return;
  if (auto set = net::set_sysctl(source_check, loose); !set) log::warning("{}", set.error().message);
}

void detach_from_local_clients(const std::string& directory) {
  if (!detach_tc(loopback, TcPoint::egress, directory)) return;
  if (auto set = net::set_sysctl(accept_local, "0"); !set) log::warning("{}", set.error().message);
  const auto usual = net::read_sysctl(default_source_check);
  const auto now = net::read_sysctl(source_check);
  if (!usual || !now || *now != loose) return;
  if (auto set = net::set_sysctl(source_check, *usual); !set) log::warning("{}", set.error().message);
}

}  // namespace ballast::director
