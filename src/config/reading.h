// What reading a configuration file gives, whatever its format.
#pragma once

#include <string>
#include <vector>

#include "cluster/model.h"
#include "config/problem.h"
#include "config/report.h"

namespace ballast::config {

/// How the daemon is to treat a file itself.
struct FileWishes {
  std::string path;
  bool follow = false;   ///< read it again whenever it changes (ldirectord's autoreload)
  std::string callback;  ///< a command that is run with the file's name after it changed; empty: none
  friend bool operator==(const FileWishes&, const FileWishes&) = default;
};

struct Reading {
  cluster::Cluster cluster;
  std::vector<Place> service_places{};  ///< of each of cluster.services, where they are known
  std::vector<FileWishes> wishes{};     ///< of the files that have some
  std::vector<Problem> warnings;        ///< what is read and not acted on, in the order of the text
  std::vector<std::string> files{};     ///< all that were read for it: the file, and what it includes
};

}  // namespace ballast::config
