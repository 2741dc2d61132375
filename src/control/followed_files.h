// Notices when configuration files change.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

namespace ballast::control {

/// Remembers what files held. A file that is written anew with the same content, or is away for a moment, has not
/// changed; neither has one that is empty, or whose size or time is another than at the look before: somebody is still
/// writing it.
class FollowedFiles {
 public:
  explicit FollowedFiles(const std::vector<std::string>& paths);

  /// The files whose content is another than when they were looked at last. Reads only those whose size, times or inode
  /// have changed.
  std::vector<std::string> changed();

 private:
  struct File {
    std::string path;
    struct ::stat seen{};    ///< when `text` was read
    struct ::stat before{};  ///< at the look before
    std::string text;
  };
  /// Looks at a file. True where its text is new.
  static bool look(File& file);

  std::vector<File> files_;
};

}  // namespace ballast::control
