#include "director/hook_choice.h"

#include <gtest/gtest.h>

#include "net/interface_features.h"

namespace ballast::director {
namespace {

using cluster::Hook;

InterfaceFacts network_card() {
  return {.name = "eth0",
          .kind = "",
          .driver = "ixgbe",
          .xdp_features = 7,
          .foreign_xdp = 0,
          .others_take_frames = true,
          .alone = false};
}

TEST(HookChoice, TakesNativeXdpWhereTheDriverHasItAndFramesCanLeave) {
  EXPECT_EQ(choose_hook(Hook::automatic, network_card()), (HookChoice{Hook::xdp, "driver ixgbe has native XDP"}));
}

TEST(HookChoice, TakesTcWhereXdpWouldNotWork) {
  auto facts = network_card();
  facts.foreign_xdp = 12;
  EXPECT_EQ(choose_hook(Hook::automatic, facts).hook, Hook::tc);
  facts = network_card();
  facts.kind = "veth";
  EXPECT_EQ(choose_hook(Hook::automatic, facts).hook, Hook::tc);
  facts = network_card();
  facts.xdp_features = 1;
  EXPECT_EQ(choose_hook(Hook::automatic, facts).hook, Hook::tc);
  facts = network_card();
  facts.xdp_features.reset();
  EXPECT_EQ(choose_hook(Hook::automatic, facts).hook, Hook::tc);
  facts = network_card();
  facts.others_take_frames = false;
  EXPECT_EQ(choose_hook(Hook::automatic, facts).hook, Hook::tc);
}

TEST(HookChoice, NeedsNoRedirectionWhereThereIsOneInterface) {
  auto facts = network_card();
  facts.alone = true;
  facts.others_take_frames = false;
  facts.xdp_features = 1;
  EXPECT_EQ(choose_hook(Hook::automatic, facts).hook, Hook::xdp);
}

TEST(HookChoice, KnowsByItsDriverWhatTakesFramesWhereTheKernelDoesNotTell) {
  auto facts = network_card();
  EXPECT_TRUE(takes_redirected_frames(facts));
  facts.xdp_features = net::xdp_basic | net::xdp_redirect;
  EXPECT_FALSE(takes_redirected_frames(facts));
  facts.xdp_features.reset();
  EXPECT_TRUE(takes_redirected_frames(facts));
  facts.driver = "e1000e";
  EXPECT_FALSE(takes_redirected_frames(facts));
}

TEST(HookChoice, GrantsWhatIsConfigured) {
  auto facts = network_card();
  facts.kind = "veth";
  EXPECT_EQ(choose_hook(Hook::xdp, facts), (HookChoice{Hook::xdp, "configured"}));
  EXPECT_EQ(choose_hook(Hook::xdp_generic, facts).hook, Hook::xdp_generic);
}

}  // namespace
}  // namespace ballast::director
