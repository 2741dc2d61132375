// Which configuration files a command is given, and in which format.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "config/sources/sources.h"

namespace ballast::cli {

struct SourceOptions {
  std::vector<std::string> yaml;
  std::vector<std::string> ldirectord;
  std::vector<std::string> keepalived;
  std::vector<std::string> guessed;  ///< the format is to be guessed
  std::string config_id;
};

/// Adds --ldirectord, --keepalived and --config-id.
void add_foreign_options(CLI::App& command, SourceOptions& options);

/// Whether any file is named.
bool names_files(const SourceOptions& options);

/// The files. An Error is about a file whose format was to be guessed and that cannot be read.
Result<std::vector<config::Source>> sources_of(const SourceOptions& options);

/// What names stand for here.
config::Names names_for(const SourceOptions& options);

}  // namespace ballast::cli
