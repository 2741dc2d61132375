// ipvsadm-save and ipvsadm-restore, with stand-ins for ipvsadm and ballast beside them that write down how they were
// called.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ballast::ipvsadm {
namespace {

namespace fs = std::filesystem;

class Scripts : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "ipvsadm-scripts-" + std::to_string(::getpid());
    fs::create_directories(directory_);
    for (const auto* name : {"ipvsadm-save", "ipvsadm-restore"}) {
      fs::copy_file(std::string(BALLAST_TEST_DIRECTORY) + "/../packaging/" + name, directory_ + "/" + name,
                    fs::copy_options::overwrite_existing);
    }
    write("ipvsadm", "#!/bin/sh\necho \"called $*\"\n");
    write("ballast", "#!/bin/sh\necho \"called $*\"\ncat; exit 7\n");
    for (const auto* name : {"ipvsadm", "ballast"}) fs::permissions(directory_ + "/" + name, fs::perms::owner_all);
  }
  void TearDown() override { fs::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(directory_ + "/" + name) << text; }
  std::string read(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(directory_ + "/" + name).rdbuf();
    return text.str();
  }
  /// Gives the exit code; standard output and error are in the files "out" and "err".
  int run(const std::string& command) {
    const std::string line = "cd " + directory_ + " && " + command + " > out 2> err";
    return WEXITSTATUS(std::system(line.c_str()));
  }

  std::string directory_;
};

TEST_F(Scripts, SaveAsksTheIpvsadmBesideIt) {
  EXPECT_EQ(run("./ipvsadm-save"), 0);
  EXPECT_EQ(read("out"), "called -S\n");
  EXPECT_EQ(run("./ipvsadm-save -n"), 0);
  EXPECT_EQ(read("out"), "called -S -n\n");
}

TEST_F(Scripts, SaveExplainsItselfWhereItDoesNotKnowAnOption) {
  EXPECT_EQ(run("./ipvsadm-save -x"), 1);
  EXPECT_EQ(read("out"), "");
  EXPECT_EQ(read("err"),
            "ipvsadm-save: Script to save the IPVS table to stdout.\n"
            "   With the -n option, prints out the table in numeric format.\n");
}

TEST_F(Scripts, RestoreAsksTheBallastBesideIt) {
  write("in", "-A -t 10.0.0.1:80\n");
  EXPECT_EQ(run("./ipvsadm-restore < in"), 7);
  EXPECT_EQ(read("out"), "called ipvsadm-restore\n-A -t 10.0.0.1:80\n");
}

TEST_F(Scripts, TakeTheIpvsadmOfThePathWhereNoneIsBesideThem) {
  fs::create_directories(directory_ + "/elsewhere");
  fs::rename(directory_ + "/ipvsadm", directory_ + "/elsewhere/ipvsadm");
  EXPECT_EQ(run("PATH=$PWD/elsewhere:$PATH ./ipvsadm-save -n"), 0);
  EXPECT_EQ(read("out"), "called -S -n\n");
}

}  // namespace
}  // namespace ballast::ipvsadm
