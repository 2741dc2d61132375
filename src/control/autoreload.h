// Files that ask for it are read again when they change, and their callbacks run (ldirectord's autoreload, callback).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <string>
#include <vector>

#include "control/control_plane.h"
#include "control/followed_files.h"

namespace ballast::control {

class Autoreload {
 public:
  /// Looks at the files once a second. `reload` is to read the configuration again and to log why it could not.
  Autoreload(boost::asio::io_context& context, const ControlPlane& plane, FollowedFiles files,
             std::function<void()> reload);

 private:
  void wait();
  void look();
  void call_back(const config::FileWishes& wishes);

  boost::asio::io_context& context_;
  const ControlPlane& plane_;
  boost::asio::steady_timer timer_;
  FollowedFiles files_;
  std::function<void()> reload_;
};

}  // namespace ballast::control
