// The texts that `mig init` writes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/core/result.h"

namespace mig {

struct ProjectTemplate {
  std::string_view name;
  std::string_view summary;
  std::string_view url;  // of the target dev
};

// The first is the default.
std::span<const ProjectTemplate> AllTemplates();

// The template of this name; with an empty name the first one. Errors: kUsage.
Result<const ProjectTemplate*> ChosenTemplate(const std::string& name);

// A commented mig.toml.
std::string ProjectConfig(const std::string& name, const ProjectTemplate& chosen,
                          const std::string& url);

// The lines of .gitignore for a work tree whose target dev has this url: mig's own files, secrets,
// and where the target is a SQLite file in the work tree, that file and what SQLite and mig put
// beside it.
std::vector<std::string> IgnoredFiles(std::string_view url);

// The section of mig.toml for a daemon that shares the project. `files` are keys and paths; an
// empty path is left out.
std::string RemoteSection(const std::string& name, const std::string& address,
                          const std::vector<std::pair<std::string_view, std::string>>& files = {});

// What to do next in `directory`, as it was given.
std::string FirstSteps(const std::string& directory, bool adopted);

// A project's name out of a folder's: letters lose their accents, what else is not [A-Za-z0-9_.-]
// becomes one `-` between words; "app" where nothing is left.
std::string ProjectNameFrom(std::string_view folder);

// Whether a url has a password in it.
bool HoldsPassword(std::string_view url);

}  // namespace mig
