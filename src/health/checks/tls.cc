#include "health/checks/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace ballast::health {
namespace {

namespace ssl = boost::asio::ssl;

/// What OpenSSL says of the last thing that failed.
std::string last_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown failure";
}

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string common_name(X509* certificate) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return "nobody";
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

/// "www.example, example", at most three names; the common name where there is no other.
std::string names_in(X509* certificate) {
  constexpr int most = 3;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::string text;
  int shown = 0;
  for (int i = 0; i < (names ? sk_GENERAL_NAME_num(names.get()) : 0); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    if (shown++ == most) return text + ", ...";
    text += (text.empty() ? "" : ", ") + text_of(name->d.dNSName);
  }
  return text.empty() ? common_name(certificate) : text;
}

bool is_mismatch(int error) { return error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH; }

/// In the place of OpenSSL's own, which asks the terminal.
int give_password(char* buffer, int size, int /*for_writing*/, void* user) {
  const auto& password = *static_cast<const std::string*>(user);
  if (password.size() > static_cast<std::size_t>(size)) return 0;
  std::copy(password.begin(), password.end(), buffer);
  return static_cast<int>(password.size());
}

Result<void> load_own_certificate(SSL_CTX* context, const cluster::CheckTls& settings) {
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate.c_str()) != 1) {
    return fail(fmt::format("own certificate {}: {}", settings.certificate, last_error()));
  }
  const auto& key = settings.key.empty() ? settings.certificate : settings.key;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(fmt::format("own key {}: {}", key, last_error()));
  }
  return {};
}

Result<void> use_own_certificate(SSL_CTX* context, const cluster::CheckTls& settings) {
  if (settings.certificate.empty()) return {};
  SSL_CTX_set_default_passwd_cb(context, give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, const_cast<std::string*>(&settings.key_password));
  auto loaded = load_own_certificate(context, settings);
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);  // Asio would take it for its own, and delete it
  return loaded;
}

Result<void> trust(SSL_CTX* context, const cluster::CheckTls& settings) {
  if (settings.authority.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_file(context, settings.authority.c_str()) != 1) {
    return fail(fmt::format("certificates of authorities {}: {}", settings.authority, last_error()));
  }
  return {};
}

}  // namespace

std::string without_port(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  if (net::Address::parse(host)) return host;
  return host.substr(0, host.find(':'));
}

TlsSession::TlsSession(ssl::context context, boost::asio::ip::tcp::socket& socket)
    : context_(std::move(context)), stream_(socket, context_) {}

Result<std::unique_ptr<TlsSession>> TlsSession::make(boost::asio::ip::tcp::socket& socket, const TlsWishes& wishes) {
  ssl::context context(ssl::context::tls_client);
  auto own = use_own_certificate(context.native_handle(), wishes.settings);
  if (!own) return std::unexpected(own.error());
  if (wishes.settings.verify) {
    auto trusted = trust(context.native_handle(), wishes.settings);
    if (!trusted) return std::unexpected(trusted.error());
  }
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(context), socket));
  auto configured = session->configure(wishes);
  if (!configured) return std::unexpected(configured.error());
  return session;
}

Result<void> TlsSession::configure(const TlsWishes& wishes) {
  SSL* handle = stream_.native_handle();
  const std::string host =
      without_port(wishes.settings.server_name.empty() ? wishes.host : wishes.settings.server_name);
  const bool is_name = !host.empty() && !net::Address::parse(host);
  if (is_name && wishes.settings.send_server_name && SSL_set_tlsext_host_name(handle, host.c_str()) != 1) {
    return fail(fmt::format("server name '{}': {}", host, last_error()));
  }
  if (wishes.http_2) {
    // With http/1.1 on the list a server that does not know h2 says so, in the place of an alert.
    constexpr unsigned char offered[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(handle, offered, sizeof offered - 1);
  }
  if (!wishes.settings.verify) {
    stream_.set_verify_mode(ssl::verify_none);
    return {};
  }
  const std::string address = host.empty() || is_name ? wishes.address.to_string() : host;
  X509_VERIFY_PARAM* wanted = SSL_get0_param(handle);
  const int set = is_name ? X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size())
                          : X509_VERIFY_PARAM_set1_ip_asc(wanted, address.c_str());
  if (set != 1) return fail(fmt::format("'{}' cannot be the name in a certificate", is_name ? host : address));
  stream_.set_verify_mode(ssl::verify_peer);
  watch_certificate(is_name ? host : address);
  return {};
}

void TlsSession::resume(TlsSession& other) {
  SSL_SESSION* session = SSL_get1_session(other.stream_.native_handle());
  if (session == nullptr) return;
  SSL_set_session(stream_.native_handle(), session);
  SSL_SESSION_free(session);
}

void TlsSession::watch_certificate(const std::string& wanted_name) {
  stream_.set_verify_callback([this, wanted_name](bool good, ssl::verify_context& context) {
    if (good) return true;
    X509_STORE_CTX* store = context.native_handle();
    const int error = X509_STORE_CTX_get_error(store);
    X509* certificate = X509_STORE_CTX_get_current_cert(store);
    refusal_ = is_mismatch(error) && certificate != nullptr
                   ? fmt::format("certificate is for {}, not {}", names_in(certificate), wanted_name)
                   : fmt::format("certificate is not valid: {}", X509_verify_cert_error_string(error));
    return false;
  });
}

std::string TlsSession::phrase_of_failure(const boost::system::error_code& error) const {
  if (!refusal_.empty()) return refusal_;
  std::string text = error.message();
  // Asio adds the name of the library: "wrong version number (SSL routines)".
  text = text.substr(0, text.find(" (SSL routines"));
  return fmt::format("TLS handshake failed: {}", text);
}

std::string TlsSession::protocol() {
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(stream_.native_handle(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

}  // namespace ballast::health
