#include "cli/ipvsadm/restore_words.h"

namespace ballast::ipvsadm {

std::vector<std::string> restore_words(const std::string& program, std::string_view line) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string> words{program};
  while (true) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    if (word != "ipvsadm") words.emplace_back(word.substr(0, word.find('\0')));
  }
}

}  // namespace ballast::ipvsadm
