// A history drawn as text, with real files and ids:
//
//     // parents, @labels, =aliases, +dependencies
//     DrawnHistory history("a; b: a; c: a @prices =c1; d: c +b");
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/plan/link.h"
#include "store/core/graph.h"

namespace mig {

class DrawnHistory {
 public:
  using Ptr = std::shared_ptr<const LinkedRevision>;

  explicit DrawnHistory(const std::string& text, const std::string& body = "SELECT 1;") {
    std::vector<RevisionFile> files;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line, ';');)
      if (line.find_first_not_of(' ') != std::string::npos) files.push_back(FileFrom(line, body));
    auto linked = Link(std::move(files), {});
    EXPECT_TRUE(linked) << linked.error().message;
    for (LinkedRevision& one : *linked)
      revisions_.push_back(std::make_shared<const LinkedRevision>(std::move(one)));
  }

  const Ptr& At(const std::string& name) const {
    return *std::find_if(revisions_.begin(), revisions_.end(),
                         [&](const Ptr& one) { return one->revision.name == name; });
  }
  Id IdAt(const std::string& name) const { return At(name)->id; }
  std::vector<Id> Ids(const std::string& names) const {
    std::vector<Id> ids;
    std::istringstream in(names);
    for (std::string name; in >> name;) ids.push_back(IdAt(name));
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  std::string NameOf(const Id& id) const {
    for (const Ptr& one : revisions_) {
      if (one->id == id) return one->revision.name;
    }
    return id.short_hex();
  }
  std::string NamesOf(const std::vector<Id>& ids) const {
    std::vector<std::string> names;
    for (const Id& id : ids) names.push_back(NameOf(id));
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
  }
  // Parents first.
  const std::vector<Ptr>& all() const { return revisions_; }
  // Those that `heads` reach, resp. do not reach.
  std::vector<Ptr> Reached(const std::string& heads, bool reached = true) const {
    std::vector<Id> inside = Ids(heads);
    std::vector<Ptr> found;
    for (auto one = revisions_.rbegin(); one != revisions_.rend(); ++one) {
      const bool in = std::find(inside.begin(), inside.end(), (*one)->id) != inside.end();
      if (in) {
        for (const auto* links : {&(*one)->revision.parents, &(*one)->revision.depends})
          inside.insert(inside.end(), links->begin(), links->end());
      }
      if (in == reached) found.insert(found.begin(), *one);
    }
    return found;
  }
  Graph GraphOf(const std::string& heads) const {
    std::vector<NodeSpec> specs;
    for (const Ptr& one : Reached(heads)) {
      NodeSpec spec;
      spec.node.name = one->revision.name;
      spec.node.id = one->id;
      spec.node.labels = one->file.header.labels;
      spec.node.aliases = one->file.header.aliases;
      spec.parents = HexOf(one->revision.parents);
      spec.depends = HexOf(one->revision.depends);
      specs.push_back(std::move(spec));
    }
    auto graph = Graph::Build(std::move(specs));
    EXPECT_TRUE(graph) << graph.error().message;
    return *std::move(graph);
  }

 private:
  static RevisionFile FileFrom(const std::string& line, const std::string& body) {
    std::istringstream in(line);
    RevisionFile file;
    in >> file.name;
    if (file.name.back() == ':') file.name.pop_back();
    for (std::string word; in >> word;) {
      if (word[0] == '@') {
        file.header.labels.push_back(word.substr(1));
      } else if (word[0] == '=') {
        file.header.aliases.push_back(word.substr(1));
      } else if (word[0] == '+') {
        file.header.depends.push_back(word.substr(1));
      } else {
        file.header.parents.push_back(word);
      }
    }
    file.sections.resize(1);
    file.sections[0].sql = body;
    auto text = WriteRevisionFile(file);
    EXPECT_TRUE(text) << text.error().message;
    auto read = ParseRevisionFile(file.name + ".sql", *text);
    EXPECT_TRUE(read) << read.error().message;
    return *std::move(read);
  }

  std::vector<Ptr> revisions_;
};

}  // namespace mig
