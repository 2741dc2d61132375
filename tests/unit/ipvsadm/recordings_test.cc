// Replays recordings of the real command.
#include <gtest/gtest.h>

#include <algorithm>

#include "recording.h"
#include "session.h"

namespace ballast::ipvsadm {
namespace {

/// Takes the lines about services on 0.0.0.0 and 224.0.0.1 out and puts them at the end, in their own order: where the
/// real command lists those two is left to chance.
std::string with_chance_taken_out(const std::string& text) {
  std::istringstream lines(text);
  std::string sure;
  std::vector<std::string> by_chance;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" 0.0.0.0:80 ") != std::string::npos || line.find(" 224.0.0.1:80 ") != std::string::npos) {
      by_chance.push_back(line + "\n");
    } else {
      sure += line + "\n";
    }
  }
  std::ranges::sort(by_chance);
  for (const auto& line : by_chance) sure += line;
  return sure;
}

/// Without sorting, services come in the order of the kernel's hash table: puts them, each with its servers, in order.
std::string with_services_in_order(const std::string& text) {
  std::istringstream lines(text);
  std::string first_lines;
  std::vector<std::string> services;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (++number <= 3) {
      first_lines += line + "\n";
    } else if (line.starts_with("  -> ") && !services.empty()) {
      services.back() += line + "\n";
    } else {
      services.push_back(line + "\n");
    }
  }
  std::ranges::sort(services);
  for (const auto& service : services) first_lines += service;
  return first_lines;
}

std::string comparable(const std::string& text, const std::string& command) {
  const bool unsorted = command.find("--nosort") != std::string::npos && command.find(" -t ") == std::string::npos;
  return unsorted ? with_services_in_order(text) : with_chance_taken_out(text);
}

/// The words of a command, of which a redirection or what stands before a pipe is no part.
std::vector<std::string> words_of(const Step& step) {
  std::string command = step.command;
  if (const auto pipe = command.find(" | "); pipe != std::string::npos) command = command.substr(pipe + 3);
  return split_words(command.substr(0, command.find(" < ")));
}

/// "printf TEXT | ...", where TEXT has one more round of escapes. printf takes no text that begins with '-'.
std::string piped_input(const std::string& command) {
  const auto text = command.substr(std::string_view("printf ").size(), command.find(" | ") - 7);
  std::string unquoted;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    unquoted += text[i];
  }
  return unquoted.starts_with('-') ? "" : unescape(unquoted);
}

/// Runs every recorded ipvsadm command of the files in one session.
void replay(const std::vector<std::string>& files, Session& session) {
  std::string saved;
  for (const auto& file : files) {
    int compared = 0;
    for (auto step : read_recording(file)) {
      const auto words = words_of(step);
      if (words[0] != "ipvsadm") continue;
      SCOPED_TRACE(testing::Message() << file << ":" << step.line << ": " << step.command);
      if (step.command.ends_with(" < saved")) {
        step.input = saved;
        step.errors = std::exchange(step.output, {});  // that one recording has both in one stream
      } else if (step.command.starts_with("printf ")) {
        step.input = piped_input(step.command);
        step.output.clear();  // what the shell had to say
      }
      const auto printed = session.run(words, step.input);
      EXPECT_EQ(comparable(printed.output, step.command), comparable(step.output, step.command));
      EXPECT_EQ(printed.errors, step.errors);
      EXPECT_EQ(printed.exit_code, step.exit_code);
      if (step.command == "ipvsadm -S -n") saved = printed.output;
      ++compared;
    }
    EXPECT_GT(compared, 3) << file;
  }
}

TEST(Recordings, AnEmptyTableIsFilledListedEditedSavedAndCleared) {
  Session session;
  replay({"cli-empty.txt", "cli-add.txt", "cli-list.txt", "cli-errors.txt"}, session);
}

TEST(Recordings, EveryCommandWithEveryOption) {
  Session session;
  replay({"ipvsadm-options.txt"}, session);
}

TEST(Recordings, CornersOfTheCommandLine) {
  Session session;
  replay({"ipvsadm-parser.txt"}, session);
}

TEST(Recordings, LinesOfARestore) {
  Session session;
  replay({"ipvsadm-restore.txt"}, session);
}

TEST(Recordings, ListsWithNames) {
  Session session;
  replay({"ipvsadm-names.txt"}, session);
}

}  // namespace
}  // namespace ballast::ipvsadm
