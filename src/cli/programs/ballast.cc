#include <filesystem>

#include "cli/ballast.h"
#include "cli/ipvsadm/ipvsadm.h"

int main(int argc, char** argv) {
  // A link named ipvsadm makes this program ipvsadm.
  if (argc > 0 && std::filesystem::path(argv[0]).filename() == "ipvsadm")
    return ballast::ipvsadm::run_ipvsadm(argc, argv);
  return ballast::cli::run_ballast(argc, argv);
}
