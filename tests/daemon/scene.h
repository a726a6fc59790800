// The language of the engine's tests: a work tree in memory, an engine over a store, and a real
// database, with one verb for each thing a person does.
//
//     scene.Draw("a; b: a; c: a; m: b c; x: a +m");   // parents, and +dependencies
//     EXPECT_EQ(scene.Upgrade("b"), "done");
//     EXPECT_EQ(scene.Rows(), "b");                   // of mig_version
//     EXPECT_EQ(scene.Ran(), "a b");                  // what executed, in order
//
// A drawn revision NAME makes a table t_NAME and writes `NAME` into the table `ran`, and its down
// section drops the table and writes `-NAME`: what is applied can be read off the schema, and a
// statement that ran twice is seen.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/engine.h"
#include "daemon/lease.h"
#include "store/memory_kv.h"
#include "tests/drivers/databases.h"

namespace mig {

std::vector<std::string> Words(const std::string& text);
std::string Join(const std::vector<std::string>& words, const char* between = " ");

inline const Operation kUpgradeAll{Operation::Kind::kUpgrade, {"heads"}};

class Scene {
 public:
  explicit Scene(Dialect dialect, std::string schema = "", SessionOpener open = OpenSession,
                 World world = World::Real());
  ~Scene();

  // The database as it was at first.
  void Wipe();

  // Another daemon, with a store of its own, for the same work tree and database. REQUIRES: this
  // one outlives it.
  std::unique_ptr<Scene> Beside(const std::string& schema = "");

  bool postgres() const { return dialect_ == Dialect::kPostgresql; }
  bool mariadb() const { return dialect_ == Dialect::kMariadb; }
  Dialect dialect() const { return dialect_; }
  Engine& engine() { return *engine_; }
  const TargetSpec& target() const { return target_; }
  MemoryKv& kv() { return *kv_; }
  TargetPolicy& policy() { return target_.policy; }
  // Values of ${NAME}, and the key of their digests where it is not the store's.
  std::map<std::string, std::string>& placeholders() { return target_.placeholders; }
  void KeyPlaceholders(const std::string& key) { target_.placeholder_key = key; }
  // From here on it is the daemon that knows the target, by its name.
  void BeServed();
  // Another database from here on.
  void MoveTo(const std::string& url);
  std::string Path(const std::string& name) const { return folder_ / name; }

  // What the next runs insist on, and consent to.
  void Insist(const std::string& plan) { plan_ = plan; }
  void ActAs(const std::string& actor) { actor_ = actor; }
  void Allow(std::vector<std::string> kinds) { allow_ = std::move(kinds); }
  // The plan's hash, or the reason's text.
  std::string Plan(const Operation& operation);

  // A daemon that starts anew, over the same store or over an empty one.
  void Restart();
  void LoseStore();

  // Files.
  void Write(const std::string& name, const std::string& text) { files_[name] = text; }
  void Remove(const std::string& name) { files_.erase(name); }
  const std::string& Text(const std::string& name) { return files_.at(name); }
  void Replace(const std::string& name, const std::string& from, const std::string& to);
  void Draw(const std::string& graph);

  // Verbs. The answer is "done", "cancelled", or the reason's text.
  std::string Upgrade(const std::string& to = "heads");
  std::string Downgrade(const std::string& to) { return Run({Operation::Kind::kDowngrade, {to}}); }
  std::string Stamp(const std::string& to, bool purge = false);
  std::string Reapply() { return Run({Operation::Kind::kReapply, {}}); }
  std::string Run(const Operation& operation);
  // Null, with the reason's text in finished().state, when it did not start.
  RunPtr Start(const Operation& operation, Milliseconds lock_wait = Milliseconds(20'000));
  RunPtr Start(const RunSpec& spec);
  std::string Await(RunInProgress& run);
  RunSpec Spec(const Operation& operation);
  // Sends what the daemon lacks of the files and opens them.
  ViewName View();

  // From here on Alembic's version table is kept up to date.
  void KeepAlembic() { target_.compat = "alembic"; }

  // What the last run said.
  const RunFinished& finished() const { return finished_; }
  const Error& error() const { return *finished_.error; }
  std::string detail(const std::string& key) const;
  template <typename Body>
  std::vector<Body> Events() const {
    std::vector<Body> bodies;
    for (const Event& event : events_) {
      if (const auto* body = std::get_if<Body>(&event.body)) bodies.push_back(*body);
    }
    return bodies;
  }

  // The database, seen by a session of its own.
  SqlResult Sql(const std::string& sql);
  std::unique_ptr<Session> OpenOwn() const { return MustOpen(Parse(target_.url)); }
  // A role of PostgreSQL that may do nothing.
  std::string WeakRole();
  void DropDatabase();  // SQLite
  std::string Column(const std::string& sql);
  std::string Ran() { return Column("SELECT what FROM ran ORDER BY n"); }
  std::string Rows() { return Column("SELECT name FROM " + Mig("mig_version") + " ORDER BY name"); }
  std::string Log();
  // Tables of revisions, without the leading t_.
  std::string Tables();
  // Everything a run leaves that has no time in it, for comparing two databases.
  std::string Everything();
  // The expressions of these texts, one behind the other.
  std::string Concatenated(const std::vector<std::string>& texts) const;
  std::string Mig(const std::string& table) const;

  // Runs a script with the engine's own client; its exit status.
  int RunClient(const std::string& script);
  const std::string& client_log() const { return client_log_; }
  // The rendered script of an operation.
  std::string Script(const Operation& operation);

  // The promises that hold whenever no run is at work.
  void ExpectSound();
  // What mig_version must hold, worked out from the tables that are there and the drawn edges.
  std::string MaximalOfTables();

 private:
  std::string SocketOfMariadb() const { return mariadb() ? MariadbServerOfTests().socket() : ""; }

  Scene(const Scene& other, const std::string& schema);

  void MakeRan();

  void DrawOne(const std::string& line);

  void ExpectLogChained();

  // mig_object: genuine, and closed downward from the rows.
  void ExpectObjectsGenuine();

  const Dialect dialect_;
  const SessionOpener open_ = OpenSession;
  const World world_ = World::Real();
  ScratchDirectory folder_;
  std::string database_;  // MariaDB
  TargetSpec target_;
  std::unique_ptr<Session> own_;
  std::unique_ptr<MemoryKv> kv_ = std::make_unique<MemoryKv>();
  std::unique_ptr<Engine> engine_;
  std::map<std::string, std::string> files_;            // by name
  std::map<std::string, std::set<std::string>> below_;  // direct edges of what was drawn
  std::vector<Event> events_;
  RunFinished finished_;
  std::string client_log_;
  std::string plan_;
  std::string actor_ = "Ann <ann@example.com>";
  std::vector<std::string> allow_;
};

}  // namespace mig
