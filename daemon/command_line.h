// migd's command line.
//
//     migd --store DIR --listen unix:PATH [--listen HOST:PORT ...] [options]
//     migd --config FILE [options]
//     migd token add NAME [--project PROJECT ...] [--read-only] | list | revoke NAME
//     migd restore-store BACKUP [--store DIR | --config FILE]
//     migd --private STATE --listen unix:PATH --idle SECONDS --ready-descriptor N
//
// The last is how the client starts it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "daemon/config.h"
#include "daemon/token_command.h"
#include "store/core/result.h"

namespace mig {

struct CommandLine {
  DaemonConfig config;
  // A private daemon's state folder: its store, its lock.
  std::string private_state;
  // Ends after so long without callers and runs.
  std::optional<std::chrono::seconds> idle;
  // Where to say "ready", or why not; -1: nowhere.
  int ready_descriptor = -1;
  // Something to do to the store instead of serving it.
  std::optional<TokenCommand> token;
  std::string restored_from;  // a backup; empty: none
  // The environment the process was started with.
  std::map<std::string, std::string> environment;
  // Set when there is nothing more to do (--help, --version): the exit status.
  std::optional<int> exit;
};

// Reads the configuration too, and checks the whole. What the command line says wins over the file.
//
// Errors: kUsage, those of daemon/config.h.
Result<CommandLine> ParseCommandLine(int argc, const char* const* argv, const std::string& version);

}  // namespace mig
