// What an ldirectord.cf says, with its names resolved and before defaults are filled in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster/model.h"
#include "config/report.h"

namespace ballast::config::ldirectord {

/// A fallback server as it is written. Where the port is missing it is the virtual service's.
struct Fallback {
  std::string host;
  std::string port;
  cluster::ForwardingMethod forward = cluster::ForwardingMethod::route;
  Place at;
};

/// What may be said for all virtual services, and by each for itself.
struct Common {
  std::optional<std::chrono::seconds> check_timeout;
  std::optional<std::chrono::seconds> negotiate_timeout;
  std::optional<std::chrono::seconds> check_interval;
  std::optional<std::uint32_t> check_count;
  std::optional<std::uint32_t> failure_count;
  std::optional<bool> quiescent;
  std::optional<Fallback> fallback;
  std::optional<Fallback> fallback6;
  std::optional<std::string> fallback_command;
  std::optional<std::vector<std::string>> mail_to;
  std::optional<std::chrono::seconds> mail_repeat;
  std::optional<bool> mail_while_running;
  std::optional<std::string> mail_server;
};

struct Globals : Common {
  bool autoreload = false;
  bool fork = false;
  std::string callback;
  std::string mail_from;
  std::string maintenance_directory;
};

enum class CheckKind : std::uint8_t { negotiate, connect, external, external_perl, ping, off, on };

struct Real {
  net::Address address{};
  std::uint16_t port = 0;  ///< 0: not written
  cluster::ForwardingMethod forward = cluster::ForwardingMethod::route;
  std::uint32_t weight = 1;
  std::uint32_t lower_threshold = 0;
  std::uint32_t upper_threshold = 0;
  std::optional<std::string> request{};  ///< with `receive`: of its own
  std::optional<std::string> receive{};
  Place at;
};

struct Virtual : Common {
  Place at;
  net::Family family = net::Family::ipv4;
  std::optional<std::uint32_t> mark;
  std::string host;
  std::string port;
  cluster::Protocol protocol = cluster::Protocol::tcp;
  std::optional<cluster::ServiceKey> key;  ///< absent: what stands behind virtual= is wrong
  std::string service;                     ///< "http" ...; "none"; empty: by the port
  CheckKind check = CheckKind::negotiate;
  std::string check_command = "/bin/true";
  std::uint16_t check_port = 0;
  std::string request = "/";
  std::string receive;
  std::string method = "GET";
  std::string virtual_host;
  std::string login;
  std::string password;
  std::string database;
  std::string secret;
  std::string scheduler = "wrr";
  Place scheduler_at;
  std::string scheduler_flags;
  std::optional<std::chrono::seconds> persistent;
  std::string netmask;
  Place netmask_at;
  bool one_packet = false;
  std::vector<Real> reals;
};

struct File {
  Globals globals;
  std::vector<Virtual> virtuals;
};

}  // namespace ballast::config::ldirectord
