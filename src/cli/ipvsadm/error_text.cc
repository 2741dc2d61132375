#include "cli/ipvsadm/error_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace ballast::ipvsadm {
namespace {

struct RequestText {
  Request request;
  int code;
  std::string_view text;
};
constexpr std::array request_texts = {
    RequestText{Request::add_service, EEXIST, "Service already exists"},
    RequestText{Request::add_service, ENOENT, "Scheduler or persistence engine not found"},
    RequestText{Request::edit_service, ESRCH, "No such service"},
    RequestText{Request::edit_service, ENOENT, "Scheduler or persistence engine not found"},
    RequestText{Request::delete_service, ESRCH, "No such service"},
    RequestText{Request::get_service, ESRCH, "No such service"},
    RequestText{Request::zero, ESRCH, "No such service"},
    RequestText{Request::add_server, ESRCH, "Service not defined"},
    RequestText{Request::add_server, EEXIST, "Destination already exists"},
    RequestText{Request::edit_server, ESRCH, "Service not defined"},
    RequestText{Request::edit_server, ENOENT, "No such destination"},
    RequestText{Request::delete_server, ESRCH, "Service not defined"},
    RequestText{Request::delete_server, ENOENT, "No such destination"},
    RequestText{Request::start_daemon, EEXIST, "Daemon has already run"},
    RequestText{Request::stop_daemon, ESRCH, "No daemon is running"},
};

struct CodeText {
  int code;
  std::string_view text;
};
constexpr std::array code_texts = {
    CodeText{EPERM, "Permission denied (you must be root)"},
    CodeText{EACCES, "Permission denied (you must be root)"},
    CodeText{EINVAL, "Invalid operation.  Possibly wrong module version, address not unicast, ..."},
    CodeText{ENOPROTOOPT, "Protocol not available"},
    CodeText{ENOMEM, "Memory allocation problem"},
    CodeText{EOPNOTSUPP, "Operation not supported with IPv6"},
    CodeText{EAFNOSUPPORT, "Operation not supported with specified address family"},
    CodeText{EMSGSIZE, "Module is wrong version"},
};

/// Further codes of ip_vs, for which the C library's text is printed.
constexpr std::array plain_codes = {ERANGE, ENODEV, ENOENT, ESRCH, EEXIST};

}  // namespace

std::string error_text(Request request, const Error& error) {
  const auto* specific = std::ranges::find_if(
      request_texts, [&](const RequestText& text) { return text.request == request && text.code == error.code; });
  if (specific != request_texts.end()) return std::string(specific->text);
  const auto* general = std::ranges::find(code_texts, error.code, &CodeText::code);
  if (general != code_texts.end()) return std::string(general->text);
  if (std::ranges::find(plain_codes, error.code) != plain_codes.end()) return std::strerror(error.code);
  return error.message;
}

}  // namespace ballast::ipvsadm
