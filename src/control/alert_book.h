// Which mail is to be sent when. Pure: the clock is a parameter.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "cluster/model.h"
#include "health/notice.h"
#include "vrrp/notifier.h"

namespace ballast::control {

/// A mail to the addresses of one alert.
struct Mail {
  cluster::MailAlert alert;
  std::vector<std::string> lines;  ///< what happened, in order; the first one is the subject's
  friend bool operator==(const Mail&, const Mail&) = default;
};

/// "Real server 10.0.1.1:80 (tcp 10.0.0.1:80) is down: connection refused"
std::string sentence_of(const health::Notice& notice);
/// "VRRP instance edge is MASTER, priority 150"
std::string sentence_of(const vrrp::Event& event);

class AlertBook {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// What happens within this time goes into one mail.
  static constexpr std::chrono::seconds gather{1};
  /// Between two mails of one alert.
  static constexpr std::chrono::seconds pause{10};

  /// Enters what is to be told of a service: of each notice to each of its alerts.
  void enter(const cluster::VirtualService& service, const health::Notice& notice, Time now);
  /// Enters what happened to a virtual router, for the alerts of all of them.
  void enter(const std::vector<cluster::MailAlert>& alerts, const vrrp::Event& event, Time now);
  /// What is due now. An alert with a `repeat` tells of what is down again after that time.
  std::vector<Mail> take_due(Time now);

 private:
  struct Page {
    cluster::MailAlert alert;
    std::vector<std::string> lines;
    Time due{};
    Time last{};
    std::map<std::string, Time> down;  ///< what is down, and when that was told last
  };
  Page& page_of(const cluster::MailAlert& alert);
  Page& enter(const cluster::MailAlert& alert, std::string line, Time now);
  static void remember(Page& page, const health::Notice& notice, Time now);

  std::vector<Page> pages_;
};

}  // namespace ballast::control
