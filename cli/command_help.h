// Help, made from the commands' records.
#pragma once

#include <string>

#include "cli/command.h"
#include "cli/render/style.h"

namespace mig {

// The list of commands.
std::string Overview(const Style& style);

// One command: synopsis, description, options, examples.
std::string HelpOf(const Command& command, const Style& style);

}  // namespace mig
