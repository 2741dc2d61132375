#include "control/state_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>

#include <cstdio>

#include "base/fd.h"
#include "control/json_sync.h"
#include "control/json_text.h"
#include "control/json_views.h"

namespace ballast::control {
namespace json {

template <typename Fields, Is<Baseline> V>
void describe(Fields& fields, V& baseline) {
  fields.member("key", baseline.place.key);
  fields.optional_member("server", baseline.place.server);
  fields.member("stats", baseline.stats);
}

template <typename Fields, Is<SavedState> V>
void describe(Fields& fields, V& state) {
  fields.member("services", state.commands.services);
  fields.member("timeouts", state.commands.timeouts);
  fields.rare_member("kernel_sync", state.commands.kernel_sync);
  fields.member("baselines", state.baselines);
}

}  // namespace json

namespace {

Result<std::string> read_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno(path);
  std::string text;
  char chunk[65536];
  while (true) {
    const ssize_t got = ::read(file.get(), chunk, sizeof chunk);
    if (got == 0) return text;
    if (got > 0) {
      text.append(chunk, static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      return fail_errno(path);
    }
  }
}

Result<void> write_file(const std::string& path, std::string_view text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return fail_errno(path);
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR) return fail_errno(path);
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<SavedState> load_state(const std::string& path) {
  auto text = read_file(path);
  if (!text && text.error().code == ENOENT) return SavedState{};
  if (!text) return std::unexpected(text.error());
  const auto value = parse_json(*text);
  auto state = value ? json::read<SavedState>(*value) : std::unexpected(value.error());
  if (!state) {
    return fail(fmt::format("{}: {}: remove the file to go on without the services that commands made", path,
                            state.error().message),
                EINVAL);
  }
  return state;
}

Result<void> save_state(const std::string& path, const SavedState& state) {
  const std::string next = path + ".next";
  const std::string text = boost::json::serialize(json::Codec<SavedState>::encode(state)) + "\n";
  if (auto written = write_file(next, text); !written) return written;
  if (::rename(next.c_str(), path.c_str()) != 0) return fail_errno(path);
  return {};
}

}  // namespace ballast::control
