#include "cli/author.h"

#include <pwd.h>
#include <unistd.h>

#include "cli/process.h"

namespace mig {
namespace {

// The value of `key` in the output of `git config --get-regexp`: lines "user.name Ann Example".
std::string ConfigValue(const std::string& listing, const std::string& key) {
  std::size_t start = ("\n" + listing).rfind("\n" + key + " ");
  if (start == std::string::npos) return "";
  std::size_t value = start + key.size() + 1;
  return listing.substr(value, listing.find('\n', value) - value);
}

std::string UserName(const Environment& environment) {
  std::string user = Lookup(environment, "USER");
  if (!user.empty()) return user;
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? "" : entry->pw_name;
}

}  // namespace

std::string AuthorOf(const Environment& environment) {
  std::string name = Lookup(environment, "GIT_AUTHOR_NAME");
  std::string email = Lookup(environment, "GIT_AUTHOR_EMAIL");
  if (name.empty() || email.empty()) {
    std::string listing = Capture({"git", "config", "--get-regexp", "^user\\.(name|email)$"});
    if (name.empty()) name = ConfigValue(listing, "user.name");
    if (email.empty()) email = ConfigValue(listing, "user.email");
  }
  if (name.empty()) name = UserName(environment);
  return email.empty() ? name : name + " <" + email + ">";
}

std::string CreatedAt(const Environment& environment) { return Lookup(environment, "MIG_NOW"); }

}  // namespace mig
