#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

#include "director/abi.h"
#include "director/director.h"

namespace ballast::director {
namespace {

std::string name(std::uint8_t protocol, std::uint8_t state) {
  Connection connection;
  connection.protocol = protocol;
  connection.state = state;
  return std::string(state_name(connection));
}

std::string names(std::uint8_t protocol, std::uint8_t first, std::uint8_t last) {
  std::string text;
  for (auto state = first; state <= last; ++state) text += name(protocol, state) + " ";
  return text;
}

TEST(StateName, IsWhatIpvsadmPrintsForTcp) {
  EXPECT_EQ(names(IPPROTO_TCP, abi::STATE_NONE, abi::STATE_SYNACK),
            "NONE ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN SYNACK ");
}

TEST(StateName, IsWhatIpvsadmPrintsForSctp) {
  EXPECT_EQ(name(IPPROTO_SCTP, abi::STATE_NONE), "NONE");
  EXPECT_EQ(names(IPPROTO_SCTP, abi::STATE_SCTP_INIT1, abi::STATE_SCTP_CLOSED),
            "INIT1 INIT C-SENT C-REPLIED C-WAIT COOKIE C-ECHOED ESTABLISHED S-SENT S-RECEIVED S-ACK-SENT REJECTED "
            "CLOSED ");
}

TEST(StateName, IsAlwaysTheSameForUdp) { EXPECT_EQ(name(IPPROTO_UDP, abi::STATE_UDP), "UDP"); }

}  // namespace
}  // namespace ballast::director
