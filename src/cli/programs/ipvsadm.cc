#include "cli/ipvsadm/ipvsadm.h"

int main(int argc, char** argv) { return ballast::ipvsadm::run_ipvsadm(argc, argv); }
