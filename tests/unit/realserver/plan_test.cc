#include "realserver/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "machine.h"

namespace ballast::realserver {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> commands(const Plan& plan) {
  std::vector<std::string> lines;
  for (const auto& planned : plan.steps) lines.push_back(command_of(planned.step));
  return lines;
}

std::vector<std::string> planned(const Options& options, const Observed& observed) {
  const auto plan = plan_setup(options, observed);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? commands(*plan) : std::vector<std::string>{};
}

std::string refusal(const Options& options, const Observed& observed) {
  const auto plan = plan_setup(options, observed);
  return plan ? "accepted" : plan.error().message;
}

TEST(Plan, RouteSilencesArpBeforeTheVipAppears) {
  EXPECT_THAT(planned(options_for(Method::route, "10.0.0.13"), fresh_machine()),
              ElementsAre("sysctl -w net.ipv4.conf.all.arp_ignore=1", "sysctl -w net.ipv4.conf.all.arp_announce=2",
                          "sysctl -w net.ipv4.conf.lo.arp_ignore=1", "sysctl -w net.ipv4.conf.lo.arp_announce=2",
                          "sysctl -w net.ipv4.conf.eth0.arp_ignore=1", "sysctl -w net.ipv4.conf.eth0.arp_announce=2",
                          "ip addr add 10.0.0.13/32 dev lo scope host"));
}

TEST(Plan, TunnelAddsTheHookTheProgramAndWhatItIsTold) {
  auto lines = planned(options_for(Method::tunnel, "10.0.0.13"), fresh_machine());
  lines.erase(lines.begin(), lines.begin() + 6);
  EXPECT_THAT(lines,
              ElementsAre("# tell the eBPF programs: VIPs 10.0.0.13 unwrap; tunnels end at 10.0.2.11, fe80::1; "
                          "GUE port 6080",
                          "tc qdisc add dev eth0 clsact", "# attach the eBPF program ballast_decap at ingress of eth0",
                          "ip addr add 10.0.0.13/32 dev lo scope host"));
}

TEST(Plan, AnIpv6VipNeedsNoArpParameters) {
  const auto plan = plan_setup(options_for(Method::route, "fd00::80"), fresh_machine());
  ASSERT_TRUE(plan);
  EXPECT_THAT(commands(*plan), ElementsAre("ip addr add fd00::80/128 dev lo nodad"));
  EXPECT_THAT(plan->notes, Contains(HasSubstr("neighbour solicitations")));
}

TEST(Plan, NothingIsLeftToDoOnAMachineThatIsReady) {
  Observed ready = fresh_machine();
  ready.all = {1, 2, 0};
  for (auto& interface : ready.interfaces) interface.parameters = {1, 2, 0};
  ready.interfaces[0].addresses.push_back(prefix("10.0.0.13/32"));
  ready.interfaces[1].hook = Hook::clsact;
  ready.interfaces[1].ingress = {12, false};
  ready.settings = {{{address("10.0.0.13"), {true, 0}}}, {address("10.0.2.11"), address("fe80::1")}, 6080};
  EXPECT_THAT(planned(options_for(Method::tunnel, "10.0.0.13"), ready), IsEmpty());
}

TEST(Plan, ASecondVipLeavesTheFirstOneConfigured) {
  Observed observed = fresh_machine();
  observed.interfaces[1].hook = Hook::clsact;
  observed.interfaces[1].ingress = {12, false};
  observed.settings = {{{address("10.0.0.13"), {true, 0}}}, {address("10.0.2.11"), address("fe80::1")}, 6080};
  EXPECT_THAT(planned(options_for(Method::tunnel, "10.0.0.14"), observed),
              Contains(HasSubstr("VIPs 10.0.0.13 unwrap, 10.0.0.14 unwrap;")));
}

TEST(Plan, AChangedAddressOfTheServerReachesTheProgram) {
  Observed observed = fresh_machine();
  observed.interfaces[1].addresses[0] = prefix("10.0.2.99/24");
  observed.interfaces[1].hook = Hook::clsact;
  observed.interfaces[1].ingress = {12, false};
  observed.settings = {{{address("10.0.0.13"), {true, 0}}}, {address("10.0.2.11"), address("fe80::1")}, 6080};
  EXPECT_THAT(planned(options_for(Method::tunnel, "10.0.0.13"), observed),
              Contains(HasSubstr("tunnels end at 10.0.2.99, fe80::1;")));
}

TEST(Plan, MssAddsTheEgressProgramAndOneHookIsEnough) {
  Options options = options_for(Method::tunnel, "10.0.0.13");
  options.mss = 1400;
  const auto lines = planned(options, fresh_machine());
  EXPECT_THAT(lines, Contains(HasSubstr("10.0.0.13 unwrap mss 1400;")));
  EXPECT_THAT(lines, Contains("# attach the eBPF program ballast_mss at egress of eth0"));
  EXPECT_EQ(std::ranges::count(lines, "tc qdisc add dev eth0 clsact"), 1);
}

TEST(Plan, ProgramsOfAnotherVersionAreReplaced) {
  Observed observed = fresh_machine();
  observed.interfaces[1].hook = Hook::clsact;
  observed.interfaces[1].ingress = {12, false};
  observed.programs_current = false;
  const auto lines = planned(options_for(Method::tunnel, "10.0.0.13"), observed);
  EXPECT_THAT(lines, Contains("# replace the eBPF program ballast_decap at ingress of eth0"));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("attach the eBPF"))));
}

TEST(Plan, StrictReversePathIsLoosenedOnlyWhereTheDefaultRouteIsElsewhere) {
  Observed observed = fresh_machine();
  InterfaceState eth1 = observed.interfaces[1];
  eth1.id = {3, "eth1.100"};
  eth1.default_route_ipv4 = false;
  eth1.addresses = {prefix("10.0.3.11/24")};
  observed.interfaces.push_back(eth1);
  observed.all.rp_filter = 1;
  Options options = options_for(Method::route, "10.0.0.13");
  options.interfaces = {"eth0", "eth1.100"};
  const auto plan = plan_setup(options, observed);
  ASSERT_TRUE(plan);
  EXPECT_THAT(commands(*plan), Contains("sysctl -w net.ipv4.conf.eth1/100.rp_filter=2"));
  EXPECT_THAT(commands(*plan), Not(Contains("sysctl -w net.ipv4.conf.eth0.rp_filter=2")));
  EXPECT_THAT(plan->notes, Contains(HasSubstr("rp_filter is strict on eth0; left so")));
}

TEST(Plan, LooseReversePathIsLeftAlone) {
  Observed observed = fresh_machine();
  observed.interfaces[1].default_route_ipv4 = false;
  observed.interfaces[1].parameters.rp_filter = 1;
  observed.all.rp_filter = 2;
  EXPECT_THAT(planned(options_for(Method::route, "10.0.0.13"), observed), Not(Contains(HasSubstr("rp_filter"))));
}

TEST(Plan, StrongerArpIgnoreStaysAndTheLeakyOneIsReplaced) {
  Observed observed = fresh_machine();
  observed.all.arp_ignore = 2;
  observed.interfaces[1].parameters.arp_ignore = 3;
  const auto lines = planned(options_for(Method::route, "10.0.0.13"), observed);
  EXPECT_THAT(lines, Not(Contains(HasSubstr("all.arp_ignore"))));
  EXPECT_THAT(lines, Contains("sysctl -w net.ipv4.conf.eth0.arp_ignore=1"));
}

TEST(Plan, LoIsSwitchedOnFirst) {
  Observed observed = fresh_machine();
  observed.interfaces[0].up = false;
  EXPECT_EQ(planned(options_for(Method::route, "10.0.0.13"), observed).front(), "ip link set lo up");
  observed.interfaces[0].addresses.clear();
  EXPECT_EQ(planned(options_for(Method::route, "10.0.0.13"), observed).front(),
            "ip addr add 127.0.0.1/8 dev lo scope host");
}

TEST(Plan, WithoutADefaultRouteEveryInterfaceThatIsUpIsTaken) {
  Observed observed = fresh_machine();
  observed.interfaces[1].default_route_ipv4 = false;
  InterfaceState eth1 = observed.interfaces[1];
  eth1.id = {3, "eth1"};
  InterfaceState down = eth1;
  down.id = {4, "eth2"};
  down.up = false;
  observed.interfaces.push_back(eth1);
  observed.interfaces.push_back(down);
  const auto lines = planned(options_for(Method::tunnel, "10.0.0.13"), observed);
  EXPECT_THAT(lines, Contains("# attach the eBPF program ballast_decap at ingress of eth0"));
  EXPECT_THAT(lines, Contains("# attach the eBPF program ballast_decap at ingress of eth1"));
  EXPECT_THAT(lines, Not(Contains("# attach the eBPF program ballast_decap at ingress of eth2")));
}

TEST(Plan, RefusesAnInterfaceThatIsNotThere) {
  Options options = options_for(Method::route, "10.0.0.13");
  options.interfaces = {"eth7"};
  EXPECT_EQ(refusal(options, fresh_machine()), "there is no interface eth7; there are lo, eth0");
}

TEST(Plan, RefusesAVipThatAnotherInterfaceHolds) {
  EXPECT_THAT(refusal(options_for(Method::route, "10.0.2.11"), fresh_machine()),
              HasSubstr("ip addr del 10.0.2.11/24 dev eth0"));
}

TEST(Plan, RefusesAddressesThatNoClientConnectsTo) {
  for (const char* vip : {"0.0.0.0", "127.0.0.9", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"}) {
    EXPECT_THAT(refusal(options_for(Method::route, vip), fresh_machine()), HasSubstr("cannot be a VIP")) << vip;
  }
}

TEST(Plan, RefusesAnIpv6VipWhereLoHasNoIpv6) {
  Observed observed = fresh_machine();
  observed.ipv6_off_on_lo = true;
  EXPECT_THAT(refusal(options_for(Method::route, "fd00::80"), observed), HasSubstr("disable_ipv6=0"));
}

TEST(Plan, RefusesToPushAForeignFilterAside) {
  Observed observed = fresh_machine();
  observed.interfaces[1].hook = Hook::clsact;
  observed.interfaces[1].ingress = {0, true};
  EXPECT_THAT(refusal(options_for(Method::tunnel, "10.0.0.13"), observed),
              HasSubstr("tc filter show dev eth0 ingress"));
}

TEST(Plan, RefusesMssWhereOnlyAnIngressQdiscIs) {
  Observed observed = fresh_machine();
  observed.interfaces[1].hook = Hook::ingress;
  Options options = options_for(Method::tunnel, "10.0.0.13");
  EXPECT_THAT(planned(options, observed), Not(Contains(HasSubstr("tc qdisc"))));
  options.mss = 1400;
  EXPECT_THAT(refusal(options, observed), HasSubstr("tc qdisc add dev eth0 clsact"));
}

TEST(Plan, RefusesATunnelOverAnInterfaceWithoutEthernetHeader) {
  Observed observed = fresh_machine();
  observed.interfaces[1].ethernet = false;
  EXPECT_THAT(refusal(options_for(Method::tunnel, "10.0.0.13"), observed), HasSubstr("not Ethernet"));
}

/// The machine as `plan` leaves it.
Observed after(Observed machine, const Plan& plan) {
  for (const auto& step : plan.steps) {
    machine.done = merge(machine.done, {step.step});
    if (const auto* sysctl = std::get_if<SetSysctl>(&step.step)) {
      auto& parameters = sysctl->name.contains(".all.")  ? machine.all
                         : sysctl->name.contains(".lo.") ? machine.interfaces[0].parameters
                                                         : machine.interfaces[1].parameters;
      (sysctl->name.ends_with("arp_ignore") ? parameters.arp_ignore : parameters.arp_announce) = std::stoi(sysctl->to);
    }
    if (const auto* change = std::get_if<ChangeAddress>(&step.step)) {
      machine.interfaces[0].addresses.push_back(change->address);
    }
    if (std::holds_alternative<ChangeHook>(step.step)) machine.interfaces[1].hook = Hook::clsact;
    if (std::holds_alternative<ChangeProgram>(step.step)) machine.interfaces[1].ingress = {12, false};
    if (const auto* configure = std::get_if<Configure>(&step.step)) machine.settings = configure->to;
  }
  return machine;
}

TEST(Undo, TakesEveryLastingStepBackWithTheVipFirst) {
  const auto machine = fresh_machine();
  const auto plan = plan_setup(options_for(Method::tunnel, "10.0.0.13"), machine);
  ASSERT_TRUE(plan);
  const auto ready = after(machine, *plan);
  EXPECT_THAT(planned(options_for(Method::tunnel, "10.0.0.13"), ready), IsEmpty());
  EXPECT_THAT(commands(plan_undo(ready)),
              ElementsAre("ip addr del 10.0.0.13/32 dev lo",
                          "# detach the eBPF program ballast_decap at ingress of eth0", "tc qdisc del dev eth0 clsact",
                          "sysctl -w net.ipv4.conf.eth0.arp_announce=0", "sysctl -w net.ipv4.conf.eth0.arp_ignore=0",
                          "sysctl -w net.ipv4.conf.lo.arp_announce=0", "sysctl -w net.ipv4.conf.lo.arp_ignore=0",
                          "sysctl -w net.ipv4.conf.all.arp_announce=0", "sysctl -w net.ipv4.conf.all.arp_ignore=0"));
}

TEST(Undo, LeavesWhatSomebodyElseChangedSince) {
  const auto machine = fresh_machine();
  const auto plan = plan_setup(options_for(Method::tunnel, "10.0.0.13"), machine);
  ASSERT_TRUE(plan);
  auto ready = after(machine, *plan);
  ready.all.arp_ignore = 8;
  ready.interfaces[1].other_filters = 1;
  const auto undo = plan_undo(ready);
  EXPECT_THAT(commands(undo), Not(Contains("sysctl -w net.ipv4.conf.all.arp_ignore=0")));
  EXPECT_THAT(commands(undo), Not(Contains("tc qdisc del dev eth0 clsact")));
  EXPECT_THAT(undo.notes, Contains(HasSubstr("net.ipv4.conf.all.arp_ignore is 8 now")));
  EXPECT_THAT(undo.notes, Contains(HasSubstr("clsact qdisc of eth0 stays")));
}

TEST(Undo, DetachesProgramsEvenWhereTheRecordIsLost) {
  Observed observed = fresh_machine();
  observed.interfaces[1].hook = Hook::clsact;
  observed.interfaces[1].ingress = {12, false};
  observed.interfaces[1].egress = {13, true};
  EXPECT_THAT(commands(plan_undo(observed)), ElementsAre("# detach the eBPF program ballast_decap at ingress of eth0"));
}

TEST(Undo, HasNothingToDoOnAFreshMachine) { EXPECT_THAT(plan_undo(fresh_machine()).steps, IsEmpty()); }

}  // namespace
}  // namespace ballast::realserver
