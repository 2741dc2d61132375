#include "cli/ipvsadm/ipvsadm.h"

namespace ballast::ipvsadm {

int ipvsadm_main(std::span<const std::string> words, IpvsTable& table, const Names& names, Streams streams) {
  return Executor(words.empty() ? "ipvsadm" : words[0], table, names, streams).run_words(words);
}

}  // namespace ballast::ipvsadm
