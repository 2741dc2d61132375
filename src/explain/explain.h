// What the director would do with a packet: the real program's answer, from a copy of the running packet path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "capture/frames.h"
#include "cluster/model.h"
#include "director/director.h"
#include "explain/question.h"

namespace ballast::explain {

/// A real server as a scheduler sees it before the packet.
struct Candidate {
  cluster::RealServer server;
  std::uint32_t active = 0;
  std::uint32_t inactive = 0;
  bool overloaded = false;
  bool chosen = false;

  [[nodiscard]] bool takes_connections() const { return server.weight > 0 && !overloaded; }
};

enum class WaySource : std::uint8_t {
  daemon,   ///< the daemon keeps it fresh
  last,     ///< the daemon wrote it, and is not there any more
  kernel,   ///< the kernel's routing table was asked
  machine,  ///< the real server is this machine
};

/// Where the packet goes next.
struct Way {
  WaySource source = WaySource::kernel;
  std::string interface;
  net::Address gateway;
  std::optional<net::MacAddress> mac;  ///< none: not resolved
};

/// What persistence remembers of the client.
struct Template {
  director::Connection entry;
  std::uint32_t held = 0;  ///< connections
};

struct Answer {
  std::string interface;  ///< where the packet meets the program
  bool outgoing = false;  ///< it meets the program where it goes out
  capture::Bytes frame;
  /// One for each program that the packet meets: TC behind an XDP program that passes it.
  std::vector<capture::Run> runs;

  /// The service whose packet it is; its servers are the candidates.
  std::optional<cluster::VirtualService> service;
  bool to_virtual_address = false;                 ///< some service has the destination's address
  bool from_server = false;                        ///< on its connection, towards the client
  std::optional<director::Connection> connection;  ///< before the packet
  std::optional<director::Connection> opened;      ///< by the packet
  std::optional<director::Connection> after;       ///< `connection` or `opened` behind the packet
  bool scheduled = false;                          ///< the service's scheduler was asked
  std::vector<Candidate> candidates;               ///< newest first, as schedulers see them
  std::optional<Template> known_template;          ///< before the packet
  std::optional<Template> template_after;
  std::optional<cluster::RealServer> server;  ///< of the connection
  std::optional<Way> way;

  /// The last program's.
  [[nodiscard]] const capture::Run& run() const { return runs.back(); }
  /// Bits of the counters that the packet raises.
  [[nodiscard]] std::uint64_t counters() const;
};

/// Asks the packet path of `instance`, in this process's network namespace. ENOENT: none runs; EPROTO: it is of another
/// version; EPERM: this is not root; EINVAL: the question cannot be asked there, and why.
Result<Answer> explain(const std::string& instance, const Question& question);

}  // namespace ballast::explain
