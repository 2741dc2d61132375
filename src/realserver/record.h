// What earlier runs changed, kept in a file so that an undo restores exactly that.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "realserver/step.h"

namespace ballast::realserver {

struct Record {
  std::string program_version;  ///< of the packet programs attached last; empty where none were
  std::vector<Step> done;       ///< in the order in which it was done
  friend bool operator==(const Record&, const Record&) = default;
};

/// Text of a record that belongs to the network namespace named by `identity`.
std::string write_record(const Record& record, std::string_view identity);
/// Reads write_record's text. An empty record where it belongs to another namespace: that one is gone.
Result<Record> read_record(std::string_view text, std::string_view identity);

/// Names this network namespace among all there ever were: the boot and the kernel's cookie of the namespace.
Result<std::string> namespace_identity();

/// /run/ballast/realserver-INSTANCE.json
std::string record_file(const std::string& instance);
/// The record of this namespace; an empty one where there is no file.
Result<Record> load_record(const std::string& file);
/// Writes the file at once (a reader sees the old or the new one); an empty record removes it.
Result<void> save_record(const std::string& file, const Record& record);

}  // namespace ballast::realserver
