#include "control/alert_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ballast::control {
namespace {

using health::Notice;
using Kind = Notice::Kind;

std::string sentence(std::string_view what, const net::Endpoint& server, const Notice& notice, std::string_view end) {
  return fmt::format("{} {} ({}) {}{}{}", what, server.to_string(), to_string(notice.service), end,
                     notice.reason.empty() ? "" : ": ", notice.reason);
}

/// What a notice is about, where it can be down for long.
std::string subject_of(const Notice& notice) {
  const bool server = notice.kind == Kind::server_up || notice.kind == Kind::server_down;
  return server ? fmt::format("Real server {} ({})", notice.server.to_string(), to_string(notice.service))
                : fmt::format("Service {}", to_string(notice.service));
}

}  // namespace

std::string sentence_of(const Notice& notice) {
  switch (notice.kind) {
    case Kind::server_up:
      return sentence("Real server", notice.server, notice, "is up");
    case Kind::server_down:
      return sentence("Real server", notice.server, notice, "is down");
    case Kind::service_up:
      return fmt::format("Service {} is up", to_string(notice.service));
    case Kind::service_down:
      return fmt::format("Service {} is down", to_string(notice.service));
    case Kind::fallback_on:
      return sentence("Fallback server", notice.server, notice, "has the traffic");
    case Kind::fallback_off:
      return sentence("Fallback server", notice.server, notice, "has no traffic any more");
  }
  return "";
}

std::string sentence_of(const vrrp::Event& event) {
  return fmt::format("VRRP {} {} is {}, priority {}", event.of_group ? "group" : "instance", event.name, word_of(event),
                     event.priority);
}

AlertBook::Page& AlertBook::page_of(const cluster::MailAlert& alert) {
  const auto found = std::ranges::find(pages_, alert, &Page::alert);
  if (found != pages_.end()) return *found;
  pages_.push_back({alert, {}, {}, {}, {}});
  return pages_.back();
}

void AlertBook::remember(Page& page, const Notice& notice, Time now) {
  if (notice.kind == Kind::server_down || notice.kind == Kind::service_down) page.down[subject_of(notice)] = now;
  if (notice.kind == Kind::server_up || notice.kind == Kind::service_up) page.down.erase(subject_of(notice));
}

void AlertBook::enter(const cluster::VirtualService& service, const Notice& notice, Time now) {
  for (const auto& alert : service.alerts) remember(enter(alert, sentence_of(notice), now), notice, now);
}

void AlertBook::enter(const std::vector<cluster::MailAlert>& alerts, const vrrp::Event& event, Time now) {
  for (const auto& alert : alerts) enter(alert, sentence_of(event), now);
}

AlertBook::Page& AlertBook::enter(const cluster::MailAlert& alert, std::string line, Time now) {
  Page& page = page_of(alert);
  if (page.lines.empty()) page.due = page.last == Time{} ? now + gather : std::max(now + gather, page.last + pause);
  page.lines.push_back(std::move(line));
  return page;
}

std::vector<Mail> AlertBook::take_due(Time now) {
  std::vector<Mail> due;
  for (Page& page : pages_) {
    if (page.alert.repeat.count() > 0) {
      for (auto& [what, told] : page.down) {
        if (now - told < page.alert.repeat) continue;
        page.lines.push_back(what + " is still down");
        told = page.due = now;
      }
    }
    if (page.lines.empty() || now < page.due) continue;
    page.last = now;
    due.push_back({page.alert, std::exchange(page.lines, {})});
  }
  return due;
}

}  // namespace ballast::control
