#include "cli/capture_command.h"

#include <fmt/chrono.h>
#include <net/if.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>

#include "capture/flow.h"
#include "capture/recording.h"
#include "capture/tap.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/words.h"

namespace ballast::cli {
namespace {

using capture::Frame;
using capture::Tap;

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::chrono::milliseconds look_again{100};

volatile std::sig_atomic_t asked_to_end = 0;

/// Lets Ctrl-C and SIGTERM end the capture in order. Waiting system calls return.
void catch_signals() {
  struct sigaction action{};
  action.sa_handler = [](int) { asked_to_end = 1; };
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
}

std::uint64_t clock_now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * second + static_cast<std::uint64_t>(now.tv_nsec);
}

/// The names of interfaces, looked up once.
class Names {
 public:
  const std::string& of(std::uint32_t index) {
    auto& name = names_[index];
    if (name.empty()) {
      char text[IF_NAMESIZE] = {};
      name = if_indextoname(index, text) != nullptr ? text : fmt::format("interface-{}", index);
    }
    return name;
  }

 private:
  std::map<std::uint32_t, std::string> names_;
};

struct Close {
  void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, Close>;

/// Where frames go: a pcapng file, or lines of text.
class Output {
 public:
  static Result<Output> open(const CaptureOptions& options) {
    Output output(options, clock_now(CLOCK_REALTIME) - clock_now(CLOCK_MONOTONIC));
    if (options.file.empty()) return output;
    if (options.file == "-" && ::isatty(STDOUT_FILENO) == 1) {
      return fail(
          "-w -: stdout is a terminal, which shows no pcapng: pipe it, as in 'ballast capture -w - | tcpdump -r -'",
          EINVAL);
    }
    output.file_.reset(options.file == "-" ? ::fdopen(::dup(STDOUT_FILENO), "wb")
                                           : std::fopen(options.file.c_str(), "wbe"));
    if (!output.file_) return fail_errno(fmt::format("-w {}", options.file));
    return output;
  }

  void begin(const std::vector<std::string>& interfaces) {
    if (!file_) return;
    put(capture::Recording::begin());
    for (const auto& name : interfaces) put(recording_.describe(name, abi::CAPTURE_TC_INGRESS));
  }

  /// Writes the wanted frames of the runs, as many as are still to come.
  void write(const std::vector<capture::Run>& runs) {
    for (const auto& run : runs) {
      ++runs_;
      for (const auto& frame : frames_of(run, options_->snap_length)) {
        if (!is_done() && (frame.out ? !options_->only_in : !options_->only_out)) write(frame);
      }
    }
  }

  /// Makes what was written visible.
  Result<void> flush() {
    FILE* file = file_ ? file_.get() : stdout;
    if (std::fflush(file) != 0 || std::ferror(file) != 0) {
      return fail_errno(fmt::format("cannot write {}", options_->file.empty() ? "-" : options_->file));
    }
    return {};
  }

  [[nodiscard]] bool is_done() const { return options_->count != 0 && frames_ >= options_->count; }
  [[nodiscard]] std::uint64_t frames() const { return frames_; }

 private:
  Output(const CaptureOptions& options, std::uint64_t epoch)
      : options_(&options), epoch_(epoch), recording_(options.snap_length, epoch) {}

  void write(const Frame& frame) {
    ++frames_;
    const std::string& name = names_.of(frame.interface_index);
    if (file_) {
      put(recording_.add(frame, name, runs_));
    } else {
      fmt::print("{}\n", capture_line(frame, name, frame.monotonic + epoch_));
    }
  }
  void put(const capture::Bytes& bytes) { std::fwrite(bytes.data(), 1, bytes.size(), file_.get()); }

  const CaptureOptions* options_;
  std::uint64_t epoch_;
  capture::Recording recording_;
  Names names_;
  File file_;
  std::uint64_t runs_ = 0;
  std::uint64_t frames_ = 0;
};

Result<void> capture_until_told(const CaptureOptions& options, Tap& tap, Output& output) {
  const auto deadline = clock_now(CLOCK_MONOTONIC) + static_cast<std::uint64_t>(options.seconds * second);
  while (asked_to_end == 0 && !output.is_done()) {
    if (options.seconds > 0 && clock_now(CLOCK_MONOTONIC) >= deadline) break;
    const auto runs = tap.poll(look_again);
    if (!runs) return std::unexpected(runs.error());
    output.write(*runs);
    if (auto flushed = output.flush(); !flushed) return flushed;
    if (!tap.alive()) return fail("the packet path was taken down", ENOENT);
  }
  return {};
}

Result<void> run_capture(const CaptureOptions& options, const capture::Conditions& conditions) {
  const auto instance = instance_name("");
  if (!instance) return std::unexpected(instance.error());
  auto tap = Tap::open(*instance, conditions, options.snap_length);
  if (!tap) return std::unexpected(tap.error());
  auto output = Output::open(options);
  if (!output) return std::unexpected(output.error());
  catch_signals();
  output->begin((*tap)->interfaces());
  if (auto flushed = output->flush(); !flushed) return flushed;
  fmt::print(stderr, "capturing, Ctrl-C ends it\n");
  auto done = capture_until_told(options, **tap, *output);
  output->write((*tap)->end());
  auto flushed = output->flush();
  fmt::print(stderr, "{} captured, {} lost\n", counted(output->frames(), "packet"), (*tap)->lost());
  return done ? flushed : done;
}

}  // namespace

Result<capture::Conditions> conditions_of(const ConnectionOptions& options) {
  const auto filter = filter_of(options);
  if (!filter) return std::unexpected(filter.error());
  return capture::Conditions{.protocol = filter->protocol,
                             .client = filter->client,
                             .client_port = filter->client_port,
                             .virtual_address = filter->virtual_address,
                             .virtual_port = filter->virtual_port,
                             .server = filter->server,
                             .server_port = filter->server_port};
}

std::string capture_line(const capture::Frame& frame, const std::string& interface, std::uint64_t time) {
  const auto at = static_cast<std::time_t>(time / second);
  return fmt::format("{:%H:%M:%S}.{:09} {:<8} {:<6} {:<3} {} length {}: {}", fmt::localtime(at), time % second,
                     interface, capture::hook_word(frame.hook), frame.out ? "out" : "in",
                     capture::describe(frame.bytes), frame.length, frame.fate);
}

void add_capture_command(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<CaptureOptions>();
  auto* command = app.add_subcommand("capture", "Show or record what the packet programs see and send");
  command->add_option("-w,--write", options->file, "Write pcapng to this file, - for stdout")->type_name("FILE");
  command->add_option("--count", options->count, "End after so many packets")
      ->check(CLI::PositiveNumber)
      ->type_name("COUNT");
  command->add_option("--seconds", options->seconds, "End after that time")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  command->add_option("--snaplen", options->snap_length, "Take at most that many bytes of a packet")
      ->check(CLI::Range(1, CAPTURE_BYTES_MAX))
      ->type_name("BYTES");
  auto* in = command->add_flag("--in", options->only_in, "Only packets as they came");
  command->add_flag("--out", options->only_out, "Only packets as they were sent")->excludes(in);
  add_place_options(command, options->filter);
  run_on(command, exit_status, [options] {
    const auto conditions = conditions_of(options->filter);
    if (!conditions) throw CLI::ValidationError(conditions.error().message);
    return run_capture(*options, *conditions);
  });
}

}  // namespace ballast::cli
