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

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "daemon/engine.h"
#include "daemon/lease.h"
#include "store/core/sha256.h"
#include "store/memory_kv.h"
#include "tests/drivers/databases.h"

namespace mig {

inline std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

inline std::string Join(const std::vector<std::string>& words, const char* between = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

class Scene {
 public:
  explicit Scene(Dialect dialect, std::string schema = "", SessionOpener open = OpenSession,
                 World world = World::Real())
      : dialect_(dialect), open_(std::move(open)), world_(std::move(world)) {
    target_.name = "shop";
    target_.schema = std::move(schema);
    target_.url = "sqlite:" + (folder_ / "shop.db");
    static int count = 0;
    const std::string name = "shop_" + std::to_string(++count);
    if (mariadb()) {
      database_ = name;
      MustExecute(*MustOpen(Parse(MariadbServerOfTests().Url())), {"CREATE DATABASE " + name});
      target_.url = MariadbServerOfTests().Url(name);
    }
    if (postgres()) {
      MustExecute(*MustOpen(Parse(Server().Url())), {"CREATE DATABASE " + name});
      target_.url = Server().Url(name);
    }
    target_.context = {"/", {}};
    MakeRan();
    Restart();
  }

  // The database as it was at first.
  void Wipe() {
    if (postgres()) {
      Sql("DROP SCHEMA public CASCADE");
      Sql("CREATE SCHEMA public");
    } else if (mariadb()) {
      Sql("DROP DATABASE " + database_);
      Sql("CREATE DATABASE " + database_);
      Sql("USE " + database_);
    } else {
      DropDatabase();
    }
    MakeRan();
  }

  // Another daemon, with a store of its own, for the same work tree and database. REQUIRES: this
  // one outlives it.
  std::unique_ptr<Scene> Beside(const std::string& schema = "") {
    return std::unique_ptr<Scene>(new Scene(*this, schema));
  }

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
  void BeServed() {
    ServedTargets served;
    served.by_name[target_.name] = target_;
    engine_.reset();
    engine_ = std::make_unique<Engine>(*kv_, world_, std::move(served), open_);
    std::string name = std::move(target_.name);
    target_ = {};
    target_.name = std::move(name);
  }
  // Another database from here on.
  void MoveTo(const std::string& url) {
    target_.url = url;
    own_.reset();
  }
  std::string Path(const std::string& name) const { return folder_ / name; }

  // What the next runs insist on, and consent to.
  void Insist(const std::string& plan) { plan_ = plan; }
  void Allow(std::vector<std::string> kinds) { allow_ = std::move(kinds); }
  // The plan's hash, or the reason's text.
  std::string Plan(const Operation& operation) {
    const auto plan = engine_->PlanRun(Spec(operation));
    return plan ? plan->hash : std::string(InfoOf(plan.error().reason).text);
  }

  // A daemon that starts anew, over the same store or over an empty one.
  void Restart() {
    engine_.reset();
    engine_ = std::make_unique<Engine>(*kv_, world_, ServedTargets{}, open_);
  }
  void LoseStore() {
    engine_.reset();
    kv_ = std::make_unique<MemoryKv>();
    Restart();
  }

  // Files.
  void Write(const std::string& name, const std::string& text) { files_[name] = text; }
  void Remove(const std::string& name) { files_.erase(name); }
  const std::string& Text(const std::string& name) { return files_.at(name); }
  void Replace(const std::string& name, const std::string& from, const std::string& to) {
    std::string& text = files_.at(name);
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " is not in " << name;
    text.replace(at, from.size(), to);
  }
  void Draw(const std::string& graph) {
    std::istringstream in(graph);
    for (std::string line; std::getline(in, line, ';');) DrawOne(line);
  }

  // Verbs. The answer is "done", "cancelled", or the reason's text.
  std::string Upgrade(const std::string& to = "heads") {
    return Run({Operation::Kind::kUpgrade, {to}});
  }
  std::string Downgrade(const std::string& to) { return Run({Operation::Kind::kDowngrade, {to}}); }
  std::string Stamp(const std::string& to, bool purge = false) {
    return Run({Operation::Kind::kStamp, Words(to), purge});
  }
  std::string Reapply() { return Run({Operation::Kind::kReapply, {}}); }
  std::string Run(const Operation& operation) {
    const RunPtr run = Start(operation);
    return run == nullptr ? finished_.state : Await(*run);
  }
  // Null, with the reason's text in finished().state, when it did not start.
  RunPtr Start(const Operation& operation, Milliseconds lock_wait = Milliseconds(20'000)) {
    auto spec = Spec(operation);
    spec.lock_wait = lock_wait;
    return Start(spec);
  }
  RunPtr Start(const RunSpec& spec) {
    events_.clear();
    finished_ = {};
    auto run = engine_->StartRun(spec);
    if (run) return run->run;
    finished_.error = run.error();
    finished_.state = InfoOf(run.error().reason).text;
    return nullptr;
  }
  std::string Await(RunInProgress& run) {
    while (true) {
      const auto read = run.log().ReadAfter(static_cast<std::int64_t>(events_.size()), 100);
      events_.insert(events_.end(), read.events.begin(), read.events.end());
      if (read.ended) break;
      std::this_thread::sleep_for(Milliseconds(1));
    }
    finished_ = std::get<RunFinished>(events_.back().body);
    if (finished_.outcome == RunOutcome::kDone) return "done";
    if (finished_.outcome == RunOutcome::kCancelled) return "cancelled";
    return std::string(InfoOf(finished_.error->reason).text);
  }
  RunSpec Spec(const Operation& operation) {
    RunSpec spec;
    spec.view = View();
    spec.target = target_;
    spec.operation = operation;
    spec.actor = "Ann <ann@example.com>";
    spec.plan = plan_;
    spec.allow = allow_;
    return spec;
  }
  // Sends what the daemon lacks of the files and opens them.
  ViewName View() {
    std::vector<ListedFile> listing;
    for (const auto& [name, text] : files_) listing.push_back({name + ".sql", Hex(Sha256(text))});
    auto opened = engine_->views().Open("shop", listing);
    if (opened && opened->view == nullptr) {
      for (const auto& [name, text] : files_) {
        EXPECT_TRUE(engine_->views().AddContents(Hex(Sha256(text)), text));
      }
      opened = engine_->views().Open("shop", listing);
    }
    EXPECT_TRUE(opened) << opened.error().message;
    return {"shop", DigestOf(listing), ""};
  }

  // From here on Alembic's version table is kept up to date.
  void KeepAlembic() { target_.compat = "alembic"; }

  // What the last run said.
  const RunFinished& finished() const { return finished_; }
  const Error& error() const { return *finished_.error; }
  std::string detail(const std::string& key) const {
    const auto found = error().details.find(key);
    return found == error().details.end() ? "" : found->second;
  }
  template <typename Body>
  std::vector<Body> Events() const {
    std::vector<Body> bodies;
    for (const Event& event : events_) {
      if (const auto* body = std::get_if<Body>(&event.body)) bodies.push_back(*body);
    }
    return bodies;
  }

  // The database, seen by a session of its own.
  SqlResult Sql(const std::string& sql) {
    if (own_ == nullptr) own_ = OpenOwn();
    return MustExecute(*own_, {sql});
  }
  std::unique_ptr<Session> OpenOwn() const { return MustOpen(Parse(target_.url)); }
  // A role of PostgreSQL that may do nothing.
  std::string WeakRole() {
    static int count = 0;
    const std::string role = "weak_" + std::to_string(++count);
    Sql("CREATE ROLE " + role);
    return role;
  }
  void DropDatabase() {  // SQLite
    own_.reset();
    std::filesystem::remove(folder_ / "shop.db");
  }
  std::string Column(const std::string& sql) {
    std::vector<std::string> cells;
    for (const auto& row : Sql(sql).rows) cells.push_back(TextOf(row[0]));
    return Join(cells);
  }
  std::string Ran() { return Column("SELECT what FROM ran ORDER BY n"); }
  std::string Rows() { return Column("SELECT name FROM " + Mig("mig_version") + " ORDER BY name"); }
  std::string Log() {
    return Column("SELECT " + Concatenated({"direction", "':'", "name", "':'", "outcome"}) +
                  " FROM " + Mig("mig_log") + " ORDER BY sequence");
  }
  // Tables of revisions, without the leading t_.
  std::string Tables() {
    if (mariadb()) {
      return Column(
          "SELECT substr(table_name, 3) FROM information_schema.tables WHERE "
          "table_schema = database() AND table_name LIKE 't\\_%' ORDER BY 1");
    }
    return Column(postgres() ? "SELECT substr(table_name, 3) FROM information_schema.tables "
                               "WHERE table_name LIKE 't\\_%' ORDER BY 1"
                             : "SELECT substr(name, 3) FROM sqlite_schema WHERE type = 'table' "
                               "AND name LIKE 't\\_%' ESCAPE '\\' ORDER BY 1");
  }
  // Everything a run leaves that has no time in it, for comparing two databases.
  std::string Everything() {
    return "ran: " + Ran() + "\ntables: " + Tables() + "\nrows: " +
           Column("SELECT " + Concatenated({"id", "name"}) + " FROM " + Mig("mig_version") +
                  " ORDER BY name") +
           "\nobjects: " + Column("SELECT id FROM " + Mig("mig_object") + " ORDER BY id") +
           "\njournal: " + Column("SELECT name FROM " + Mig("mig_journal")) + "\n";
  }
  // The expressions of these texts, one behind the other.
  std::string Concatenated(const std::vector<std::string>& texts) const {
    return mariadb() ? "concat(" + Join(texts, ", ") + ")" : Join(texts, " || ");
  }
  std::string Mig(const std::string& table) const {
    if (mariadb() && !target_.schema.empty())
      return QuoteName(target_.schema, Dialect::kMariadb) + "." + table;
    return postgres() ? QuoteName(target_.schema.empty() ? "public" : target_.schema) + "." + table
                      : table;
  }

  // Runs a script with the engine's own client; its exit status.
  int RunClient(const std::string& script) {
    const std::string path = folder_ / "script.sql";
    std::ofstream(path) << script;
    const std::string out = " >" + (folder_ / "client.log") + " 2>&1";
    const std::string mariadb_client =
        "mariadb --no-defaults --user=root --socket=" + SocketOfMariadb() + " " + database_ + " <" +
        path + out;
    const std::string command = mariadb() ? mariadb_client
                                : postgres()
                                    ? "psql -X -q -d '" + target_.url + "' -f " + path + out
                                    : "sqlite3 " + (folder_ / "shop.db") + " <" + path + out;
    const int status = std::system(command.c_str());
    std::ifstream log(folder_ / "client.log");
    if (status != 0) client_log_ = std::string(std::istreambuf_iterator<char>(log), {});
    return status;
  }
  const std::string& client_log() const { return client_log_; }
  // The rendered script of an operation.
  std::string Script(const Operation& operation) {
    auto script = engine_->RenderScript(Spec(operation));
    EXPECT_TRUE(script) << script.error().message;
    return script ? *script : "";
  }

  // The promises that hold whenever no run is at work.
  void ExpectSound() {
    ExpectLogChained();
    ExpectObjectsGenuine();
  }
  // What mig_version must hold, worked out from the tables that are there and the drawn edges.
  std::string MaximalOfTables() {
    const std::vector<std::string> applied = Words(Tables());
    std::set<std::string> covered;
    for (const std::string& name : applied)
      covered.insert(below_[name].begin(), below_[name].end());
    std::vector<std::string> maximal;
    for (const std::string& name : applied) {
      if (!covered.contains(name)) maximal.push_back(name);
    }
    return Join(maximal);
  }

 private:
  std::string SocketOfMariadb() const { return mariadb() ? MariadbServerOfTests().socket() : ""; }

  Scene(const Scene& other, const std::string& schema)
      : dialect_(other.dialect_),
        database_(other.database_),
        target_(other.target_),
        files_(other.files_) {
    target_.schema = schema;
    Restart();
  }

  void MakeRan() {
    Sql(postgres()  ? "CREATE TABLE ran (n bigserial PRIMARY KEY, what text)"
        : mariadb() ? "CREATE TABLE ran (n bigint AUTO_INCREMENT PRIMARY KEY, what text)"
                    : "CREATE TABLE ran (n integer PRIMARY KEY AUTOINCREMENT, what text)");
  }

  void DrawOne(const std::string& line) {
    const auto colon = line.find(':');
    const std::string name = Words(line.substr(0, colon)).at(0);
    std::vector<std::string> parents, depends;
    for (const std::string& word :
         Words(colon == std::string::npos ? "" : line.substr(colon + 1))) {
      const bool dependency = word[0] == '+';
      (dependency ? depends : parents).push_back(word.substr(dependency ? 1 : 0));
      below_[name].insert(word.substr(dependency ? 1 : 0));
    }
    Write(name, "-- parents: " + Join(parents, ", ") + "\n-- depends: " + Join(depends, ", ") +
                    "\n\n-- mig:up\nCREATE TABLE t_" + name +
                    " (id integer);\nINSERT INTO ran (what) VALUES ('" + name +
                    "');\n\n-- mig:down\nDROP TABLE t_" + name +
                    ";\nINSERT INTO ran (what) VALUES ('-" + name + "');\n");
  }

  void ExpectLogChained() {
    const SqlResult log =
        Sql("SELECT sequence, direction, id, name, actor, plan, started_at, finished_at, outcome, "
            "previous, hash FROM " +
            Mig("mig_log") + " ORDER BY sequence");
    std::string previous;
    std::int64_t sequence = 0;
    for (const auto& row : log.rows) {
      std::string text = "mig-log 1\n";
      const char* const fields[] = {"sequence", "direction", "id",       "name",    "actor",
                                    "plan",     "started",   "finished", "outcome", "previous"};
      for (std::size_t i = 0; i < 10; ++i)
        text += std::string(fields[i]) + " " + TextOf(row[i]) + "\n";
      EXPECT_EQ(NumberOf(row[0]), ++sequence);
      EXPECT_EQ(TextOf(row[9]), previous) << "row " << sequence;
      EXPECT_EQ(TextOf(row[10]), Hex(Sha256(text))) << "row " << sequence;
      previous = TextOf(row[10]);
    }
  }

  // mig_object: genuine, and closed downward from the rows.
  void ExpectObjectsGenuine() {
    std::map<std::string, Revision> objects;
    for (const auto& row : Sql("SELECT id, content FROM " + Mig("mig_object")).rows) {
      auto revision = DecodeRevision(TextOf(row[1]));
      ASSERT_TRUE(revision);
      EXPECT_EQ(IdOf(*revision).hex(), TextOf(row[0]));
      objects[TextOf(row[0])] = *revision;
    }
    std::vector<std::string> todo = Words(Column("SELECT id FROM " + Mig("mig_version")));
    while (!todo.empty()) {
      const std::string id = todo.back();
      todo.pop_back();
      ASSERT_TRUE(objects.contains(id)) << id << " is applied and has no row in mig_object";
      for (const Id& parent : objects[id].parents) todo.push_back(parent.hex());
      for (const Id& dependency : objects[id].depends) todo.push_back(dependency.hex());
    }
  }

  const Dialect dialect_;
  const SessionOpener open_ = OpenSession;
  const World world_ = World::Real();
  TemporaryFolder folder_;
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
  std::vector<std::string> allow_;
};

}  // namespace mig
