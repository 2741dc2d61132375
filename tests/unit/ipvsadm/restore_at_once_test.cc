// ipvsadm-restore: as a clear and then a restore, but in one step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recording.h"
#include "session.h"

namespace ballast::ipvsadm {
namespace {

using testing::HasSubstr;

/// The same by the two commands that the real ipvsadm-restore consists of.
Session::Printed clear_and_restore(Session& session, const std::string& input) {
  session.run({"ipvsadm", "-C"});
  return session.run({"ipvsadm", "-R"}, input);
}

class RestoreAtOnce : public testing::TestWithParam<std::string> {};

TEST_P(RestoreAtOnce, IsWhatAClearAndARestoreAre) {
  const std::string old = "-A -t 10.9.9.9:80\n-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.9 -m\n";
  Session expected;
  clear_and_restore(expected, old);
  const auto wanted = clear_and_restore(expected, GetParam());
  Session session;
  session.restore_at_once(old);
  const auto got = session.restore_at_once(GetParam());
  EXPECT_EQ(got.exit_code, wanted.exit_code);
  EXPECT_EQ(got.errors, wanted.errors);
  EXPECT_EQ(got.output, wanted.output);
  EXPECT_EQ(session.table.cluster, expected.table.cluster);
}

INSTANTIATE_TEST_SUITE_P(, RestoreAtOnce,
                         testing::Values("", "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1 -m -w 3\n",
                                         "-A -t 10.0.0.1:80\n-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.1.0.1 -m\n",
                                         "-A -t 10.0.0.1:80\n-a -t 10.0.0.2:80 -r 10.1.0.1 -m\n",
                                         "-A -t 10.0.0.1:80\n-A -t nonsense\n-A -t 10.0.0.2:80\n",
                                         "-A -t 10.0.0.1:80\n--nonsense\n-A -t 10.0.0.2:80\n",
                                         "-A -t 10.0.0.1:80\n-h\n-A -t 10.0.0.2:80\n",
                                         "-A -t 10.0.0.1:80\n-R\n-A -t 10.0.0.2:80\n",
                                         "--set 30 5 60\n-A -u 10.0.0.1:53 -o\n-Z -u 10.0.0.1:53\n-Z -t 10.0.0.7:1\n",
                                         "ipvsadm -A -f 7\n-D -f 7\n-D -f 7\n", "-A -f 7\n-Ln\n"));

TEST(RestoreAtOnceCase, LeavesCommentsOut) {
  Session session;
  EXPECT_EQ(session.restore_at_once("# -A -t 10.0.0.1:80\n#\n-A -f 7\n").exit_code, 0);
  EXPECT_EQ(session.table.cluster.services.size(), 1);
}

TEST(RestoreAtOnceCase, SaysOnceThatThereIsNoTable) {
  Session session;
  session.table.closed = Error{"no daemon answers", ECONNREFUSED};
  const auto printed = session.restore_at_once("-A -f 7\n-A -f 8\n");
  EXPECT_EQ(printed.exit_code, 2);
  EXPECT_THAT(printed.errors, HasSubstr("Can't initialize ipvs: no daemon answers\n"));
  EXPECT_EQ(printed.errors.find("Can't"), printed.errors.rfind("Can't"));
}

}  // namespace
}  // namespace ballast::ipvsadm
