#include "recording.h"

#include <gtest/gtest.h>

#include <fstream>

namespace ballast::ipvsadm {
namespace {

char control_character(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'v':
      return '\v';
    case 'f':
      return '\f';
    case '0':
      return '\0';
    default:
      return letter;
  }
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string unescape(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    if (text.size() >= 4 && text.starts_with("\\x")) {
      result += static_cast<char>(std::stoi(std::string(text.substr(2, 2)), nullptr, 16));
      text.remove_prefix(4);
    } else if (text.size() >= 2 && text[0] == '\\') {
      result += control_character(text[1]);
      text.remove_prefix(2);
    } else {
      result += text[0];
      text.remove_prefix(1);
    }
  }
  return result;
}

std::vector<std::string> split_words(std::string_view command) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : command) {
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::vector<Step> read_recording(const std::string& name) {
  std::ifstream file(std::string(BALLAST_TEST_DIRECTORY) + "/golden/" + name);
  EXPECT_TRUE(file) << name;
  std::vector<Step> steps;
  Step step;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    std::string_view text = line;
    if (!inside && take_prefix(text, "[stdin] ")) {
      step.input = unescape(text);
    } else if (take_prefix(text, "$ ")) {
      step.command = text;
      step.line = number;
      inside = true;
    } else if (!inside) {
      continue;
    } else if (take_prefix(text, "[stderr] ")) {
      step.errors += std::string(text) + "\n";
    } else if (take_prefix(text, "[exit ")) {
      step.exit_code = std::stoi(std::string(text));
      steps.push_back(std::exchange(step, {}));
      inside = false;
    } else {
      step.output += std::string(text) + "\n";
    }
  }
  return steps;
}

}  // namespace ballast::ipvsadm
