// The packet programs in the kernel: loading, attaching, what they are told and what they count. They stay when this
// process ends, held by the filter that runs them; a later process finds them and their maps by that filter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "realserver/observed.h"
#include "realserver/step.h"

struct realserver_bpf;

namespace ballast::realserver {

/// Who is at our place on an interface. Needs CAP_NET_ADMIN to tell whether a program there is ours; without it, it is
/// taken for ours.
Result<Place> place(const InterfaceName& interface, Direction direction);

/// A fingerprint of the packet programs that are built into this executable.
std::string program_version();

/// The maps that all attached programs of one real server share.
class Maps {
 public:
  Maps(Fd vips, Fd local, Fd settings, Fd counters)
      : vips_(std::move(vips)),
        local_(std::move(local)),
        settings_(std::move(settings)),
        counters_(std::move(counters)) {}
  /// Those of an attached program. Needs CAP_SYS_ADMIN.
  static Result<Maps> of_program(std::uint32_t program_id);

  [[nodiscard]] Result<ProgramSettings> read() const;
  Result<void> write(const ProgramSettings& settings) const;
  /// Every counter by name, summed over the CPUs, in the order of enum realserver_counter.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::uint64_t>>> counters() const;

 private:
  friend class Programs;
  Fd vips_;
  Fd local_;
  Fd settings_;
  Fd counters_;
};

/// Programs loaded by this process, to be attached.
class Programs {
 public:
  /// Loads both. With `running_program_id` other than 0 they work on that program's maps where these still have the
  /// same shape. The error carries the verifier's last words.
  static Result<Programs> load(std::uint32_t running_program_id);

  /// The maps of the loaded programs.
  [[nodiscard]] Result<Maps> maps() const;
  /// Attaches at our place, or takes the place of what is there.
  Result<void> attach(const InterfaceName& interface, Direction direction, bool replace) const;

 private:
  struct Destroy {
    void operator()(realserver_bpf* object) const;
  };
  explicit Programs(realserver_bpf* object) : object_(object) {}
  std::unique_ptr<realserver_bpf, Destroy> object_;
};

/// Takes the program at our place off. Success where there is none.
Result<void> detach(const InterfaceName& interface, Direction direction);

/// Adds or removes the clsact qdisc. Success where it is as wanted.
Result<void> add_hook(const InterfaceName& interface);
Result<void> remove_hook(const InterfaceName& interface);

}  // namespace ballast::realserver
