// Manual pages, made from the commands' records, in the language of man(7).
#pragma once

#include <string>

#include "cli/command.h"

namespace mig {

// mig(1): the commands, and what holds for all of them.
std::string ManualOverview();

// mig-COMMAND(1).
std::string ManualOf(const Command& command);

}  // namespace mig
