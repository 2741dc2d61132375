#include "explain/explain.h"

#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "bpf/counters.h"
#include "director/connection_reader.h"
#include "director/model_map.h"
#include "director/running_pins.h"
#include "explain/arrival.h"
#include "net/neighbour.h"
#include "net/route.h"

namespace ballast::explain {
namespace {

bool same(const abi::address& address, const net::Endpoint& end) { return abi::from_abi(address) == end.address; }

std::string interface_name(std::uint32_t index) {
  char name[IF_NAMESIZE] = {};
  return if_indextoname(index, name) != nullptr ? name : "";
}

bool is_counted(const std::vector<capture::Run>& runs, counter_id counter) {
  return std::ranges::any_of(runs, [counter](const auto& run) { return (run.record.counters >> counter & 1) != 0; });
}

/// One packet in a copy of the packet path.
class Inquiry {
 public:
  Inquiry(Copy& copy, const Question& question, Place place)
      : copy_(copy), question_(question), place_(std::move(place)) {}

  Result<Answer> answer();

 private:
  using Entry = std::optional<abi::connection>;

  [[nodiscard]] std::uint64_t hash_of(const net::Endpoint& client) const {
    return copy_.hash_of(abi::to_abi(client.address), abi::port_to_abi(client.port), question_.protocol);
  }
  [[nodiscard]] Entry from_client() const;
  [[nodiscard]] Entry from_server() const;
  [[nodiscard]] std::optional<Template> template_now() const;
  [[nodiscard]] director::Connection seen(const abi::connection& entry) const {
    return director::view(entry, copy_.servers[entry.server], copy_.services[copy_.servers[entry.server].service],
                          abi::now_ticks());
  }
  [[nodiscard]] std::optional<std::uint32_t> service_of_destination() const;

  Result<void> send();
  Result<void> learn_places();
  void find_connection();
  void note_before();
  void note_candidates(const abi::service& service);
  void note_after();
  void note_server(std::uint32_t index);
  void note_way(const abi::server& server);

  Copy& copy_;
  const Question& question_;
  Place place_;
  Answer answer_;
  capture::Bytes met_;                          ///< the frame as it comes to the first program
  Entry entry_;                                 ///< the packet's connection before
  std::optional<std::uint32_t> asked_service_;  ///< for a new connection
  std::uint64_t template_hash_ = 0;             ///< 0: the packet has nothing to do with a template
  std::optional<abi::newborn> born_;            ///< what was decided for a new connection
  std::vector<std::uint32_t> candidates_;       ///< indexes of answer_.candidates
};

Inquiry::Entry Inquiry::from_client() const {
  for (const auto& entry : copy_.entries(hash_of(question_.from))) {
    if ((entry.meta & META_TEMPLATE) == 0 && entry.protocol == question_.protocol &&
        same(entry.client, question_.from) && same(entry.virtual_address, question_.to) &&
        entry.client_port == abi::port_to_abi(question_.from.port) &&
        entry.virtual_port == abi::port_to_abi(question_.to.port))
      return entry;
  }
  return std::nullopt;
}

Inquiry::Entry Inquiry::from_server() const {
  if ((copy_.settings[0].flags & SETTING_NAT) == 0) return std::nullopt;
  for (const auto& entry : copy_.entries(hash_of(question_.to))) {
    const abi::server& server = copy_.servers[entry.server];
    if ((entry.meta & (META_TEMPLATE | META_NO_REPLY)) == 0 && entry.protocol == question_.protocol &&
        server.method == abi::FORWARD_NAT && same(server.address, question_.from) && same(entry.client, question_.to) &&
        entry.server_port == abi::port_to_abi(question_.from.port) &&
        entry.client_port == abi::port_to_abi(question_.to.port))
      return entry;
  }
  return std::nullopt;
}

void Inquiry::find_connection() {
  entry_ = from_client();
  answer_.from_server = !entry_ && (entry_ = from_server());
}

std::optional<Template> Inquiry::template_now() const {
  if (template_hash_ == 0) return std::nullopt;
  for (const auto& entry : copy_.entries(template_hash_)) {
    if ((entry.meta & META_TEMPLATE) != 0 && entry.template_hash == template_hash_)
      return Template{seen(entry), entry.held};
  }
  return std::nullopt;
}

/// Sends the packet through the programs, until one does not pass it on.
Result<void> Inquiry::send() {
  answer_.runs.clear();
  born_.reset();
  capture::Bytes frame = met_;
  for (const auto program : place_.programs) {
    auto run = copy_.run(program, frame, place_.arrival);
    if (!run) return std::unexpected(run.error());
    frame = run->left;
    if (const auto born = copy_.newborn()) born_ = born;
    const bool passed = !capture::is_sent(*run) && !capture::is_dropped(*run);
    answer_.runs.push_back(std::move(*run));
    if (!passed) break;
  }
  return {};
}

/// Which service and which template a new connection asks for is known when the program has done so. Then what is
/// needed of the table is copied, and the packet's way begins anew.
Result<void> Inquiry::learn_places() {
  if (auto sent = send(); !sent) return sent;
  if (entry_) template_hash_ = entry_->template_hash;
  if (born_) {
    asked_service_ = born_->service;
    if ((copy_.services[born_->service].flags & SERVICE_PERSISTENT) != 0) template_hash_ = born_->entry.template_hash;
  }
  if (template_hash_ != 0) copy_.include(template_hash_);
  return copy_.refresh();
}

Result<Answer> Inquiry::answer() {
  answer_.interface = place_.interface;
  answer_.outgoing = place_.outgoing;
  copy_.include(hash_of(question_.from));
  copy_.include(hash_of(question_.to));
  if (auto copied = copy_.refresh(); !copied) return std::unexpected(copied.error());
  find_connection();
  auto frame = frame_of(question_, !entry_);
  if (!frame) return std::unexpected(frame.error());
  answer_.frame = met_ = std::move(*frame);
  if (place_.routed) {
    Question routed = question_;
    routed.ttl = static_cast<std::uint8_t>(std::max(0, question_.ttl - 1));
    met_ = *frame_of(routed, !entry_);
  }
  if (auto learned = learn_places(); !learned) return std::unexpected(learned.error());
  find_connection();
  note_before();
  if (auto sent = send(); !sent) return std::unexpected(sent.error());
  note_after();
  return std::move(answer_);
}

std::optional<std::uint32_t> Inquiry::service_of_destination() const {
  abi::service_key key{};
  key.address = abi::to_abi(question_.to.address);
  key.protocol = question_.protocol;
  for (const std::uint16_t port : {question_.to.port, std::uint16_t{0}}) {
    key.port = abi::port_to_abi(port);
    if (const auto index = copy_.service(key)) return index;
  }
  return std::nullopt;
}

void Inquiry::note_before() {
  abi::service_key address{};
  address.address = abi::to_abi(question_.to.address);
  answer_.to_virtual_address = copy_.service(address).has_value();
  if (entry_) answer_.connection = seen(*entry_);
  answer_.known_template = template_now();
  const auto service = asked_service_ ? asked_service_
                       : entry_       ? std::optional(copy_.servers[entry_->server].service)
                                      : service_of_destination();
  if (!service || *service >= copy_.services.size()) return;
  answer_.service = director::configured(copy_.services[*service]);
  if (asked_service_) note_candidates(copy_.services[*service]);
}

void Inquiry::note_candidates(const abi::service& service) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> by_order;
  for (std::uint32_t number = service.first_chunk; number < copy_.chunks.size(); number = copy_.chunks[number].next) {
    const abi::chunk& chunk = copy_.chunks[number];
    for (std::uint32_t i = 0; i < std::min<std::uint32_t>(chunk.used, CHUNK_MEMBERS); ++i) {
      const std::uint32_t index = number * CHUNK_MEMBERS + i;
      if (copy_.servers[index].in_use == USE_CONFIGURED)
        by_order.emplace_back(chunk.member[i].order & MEMBER_ORDER, index);
    }
  }
  std::ranges::sort(by_order, std::ranges::greater());
  for (const auto& [order, index] : by_order) {
    const abi::member& member = copy_.chunks[index / CHUNK_MEMBERS].member[index % CHUNK_MEMBERS];
    candidates_.push_back(index);
    answer_.candidates.push_back(
        {.server = director::configured(copy_.servers[index], static_cast<std::uint32_t>(member.weight)),
         .active = static_cast<std::uint32_t>(member.active),
         .inactive = static_cast<std::uint32_t>(member.inactive),
         .overloaded = (member.order & MEMBER_OVERLOAD) != 0});
  }
}

void Inquiry::note_after() {
  const bool created = is_counted(answer_.runs, COUNTER_connections_created);
  const auto after = answer_.from_server ? from_server() : from_client();
  answer_.template_after = template_now();
  if (after) answer_.after = seen(*after);
  if (!created || !born_) {
    answer_.scheduled = asked_service_.has_value() && !answer_.known_template;
    if (entry_ && entry_->server < copy_.servers.size()) note_server(entry_->server);
    return;
  }
  // A one-packet connection is not in the table any more.
  const abi::connection& opened = after ? *after : born_->entry;
  answer_.opened = seen(opened);
  answer_.scheduled =
      !answer_.known_template || answer_.known_template->entry.server.address != answer_.opened->server.address;
  for (std::size_t i = 0; i < candidates_.size(); ++i) answer_.candidates[i].chosen = candidates_[i] == opened.server;
  note_server(opened.server);
}

void Inquiry::note_server(std::uint32_t index) {
  const abi::server& server = copy_.servers[index];
  const abi::member& member = copy_.chunks[index / CHUNK_MEMBERS].member[index % CHUNK_MEMBERS];
  answer_.server = director::configured(server, static_cast<std::uint32_t>(member.weight));
  const auto& run = answer_.run();
  if (is_counted(answer_.runs, COUNTER_forwarded_local)) {
    answer_.way.emplace().source = WaySource::machine;
  } else if (capture::is_sent(run) && !capture::is_answered(run)) {
    note_way(server);
  }
}

void Inquiry::note_way(const abi::server& server) {
  const bool known = !answer_.from_server && (server.flags & SERVER_ROUTED) != 0;
  const bool fresh = static_cast<std::int32_t>(copy_.settings[0].lease - abi::now_ticks()) > 0;
  const net::Address destination = answer_.from_server ? question_.to.address : abi::from_abi(server.address);
  Way way;
  std::uint32_t interface = server.ifindex;
  const auto route = known && fresh ? Result<net::RouteLookup>() : net::route_to(destination);
  if (!(known && fresh) && route && route->kind == net::RouteKind::forward) {
    interface = route->interface_index;
    way.gateway = route->next_hop;
    if (const auto found = net::neighbour(interface, way.gateway); found && *found && (*found)->usable())
      way.mac = (*found)->mac;
  } else if (known) {
    way.source = fresh ? WaySource::daemon : WaySource::last;
    way.gateway = abi::from_abi(server.gateway);
    if ((server.flags & SERVER_HOP) != 0) way.mac = std::to_array(server.hop_mac);
  }
  way.interface = interface_name(interface);
  answer_.way = way;
}

}  // namespace

std::uint64_t Answer::counters() const {
  std::uint64_t bits = 0;
  for (const auto& each : runs) bits |= each.record.counters;
  return bits;
}

Result<Answer> explain(const std::string& instance, const Question& question) {
  if (::geteuid() != 0) return fail("it reads the maps of the packet path: run this as root", EPERM);
  const auto directory = director::running_pins(instance);
  if (!directory) return std::unexpected(directory.error());
  auto place = place_of(question, *directory);
  if (!place) return std::unexpected(place.error());
  auto copy = Copy::of(*directory);
  if (!copy) return std::unexpected(copy.error());
  return Inquiry(**copy, question, std::move(*place)).answer();
}

}  // namespace ballast::explain
