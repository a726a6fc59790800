#include "tests/daemon/scene.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "drivers/sql/quoted_name.h"
#include "store/core/sha256.h"

namespace mig {

std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string Join(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

Scene::Scene(Dialect dialect, std::string schema, SessionOpener open, World world)
    : dialect_(dialect), open_(std::move(open)), world_(std::move(world)) {
  target_.name = "shop";
  target_.schema = std::move(schema);
  target_.url = "sqlite:" + (folder_ / "shop.db");
  static int count = 0;
  const std::string name = "shop_" + std::to_string(++count);
  if (mariadb()) database_ = name;
  if (mariadb() || postgres()) target_.url = CreateDatabase(dialect, name);
  target_.context = {"/", {}};
  MakeRan();
  Restart();
}

Scene::~Scene() = default;

void Scene::Wipe() {
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

std::unique_ptr<Scene> Scene::Beside(const std::string& schema) {
  return std::unique_ptr<Scene>(new Scene(*this, schema));
}

void Scene::BeServed() {
  ServedTargets served;
  served.by_name[target_.name] = target_;
  engine_.reset();
  engine_ = std::make_unique<Engine>(*kv_, world_, std::move(served), open_);
  std::string name = std::move(target_.name);
  target_ = {};
  target_.name = std::move(name);
}

void Scene::MoveTo(const std::string& url) {
  target_.url = url;
  own_.reset();
}

std::string Scene::Plan(const Operation& operation) {
  const auto plan = engine_->PlanRun(Spec(operation));
  return plan ? plan->hash : std::string(InfoOf(plan.error().reason).text);
}

void Scene::Restart() {
  engine_.reset();
  engine_ = std::make_unique<Engine>(*kv_, world_, ServedTargets{}, open_);
}

void Scene::LoseStore() {
  engine_.reset();
  kv_ = std::make_unique<MemoryKv>();
  Restart();
}

void Scene::Replace(const std::string& name, const std::string& from, const std::string& to) {
  std::string& text = files_.at(name);
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " is not in " << name;
  text.replace(at, from.size(), to);
}

void Scene::Draw(const std::string& graph) {
  std::istringstream in(graph);
  for (std::string line; std::getline(in, line, ';');) DrawOne(line);
}

std::string Scene::Upgrade(const std::string& to) { return Run({Operation::Kind::kUpgrade, {to}}); }

std::string Scene::Stamp(const std::string& to, bool purge) {
  return Run({Operation::Kind::kStamp, Words(to), purge});
}

std::string Scene::Run(const Operation& operation) {
  const RunPtr run = Start(operation);
  return run == nullptr ? finished_.state : Await(*run);
}

RunPtr Scene::Start(const Operation& operation, Milliseconds lock_wait) {
  auto spec = Spec(operation);
  spec.lock_wait = lock_wait;
  return Start(spec);
}

RunPtr Scene::Start(const RunSpec& spec) {
  events_.clear();
  finished_ = {};
  auto run = engine_->StartRun(spec);
  if (run) return run->run;
  finished_.error = run.error();
  finished_.state = InfoOf(run.error().reason).text;
  return nullptr;
}

std::string Scene::Await(RunInProgress& run) {
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

RunSpec Scene::Spec(const Operation& operation) {
  RunSpec spec;
  spec.view = View();
  spec.target = target_;
  spec.operation = operation;
  spec.actor = actor_;
  spec.plan = plan_;
  spec.allow = allow_;
  return spec;
}

ViewName Scene::View() {
  std::vector<ListedFile> listing;
  for (const auto& [name, text] : files_) listing.push_back({name + ".sql", Hex(Sha256(text))});
  auto opened = engine_->views().Open("shop", listing, "user ann");
  if (opened && opened->view == nullptr) {
    for (const auto& [name, text] : files_) {
      EXPECT_TRUE(engine_->views().AddContents("user ann", Hex(Sha256(text)), text));
    }
    opened = engine_->views().Open("shop", listing, "user ann");
  }
  EXPECT_TRUE(opened) << opened.error().message;
  return {"shop", DigestOf(listing), ""};
}

std::string Scene::detail(const std::string& key) const {
  const auto found = error().details.find(key);
  return found == error().details.end() ? "" : found->second;
}

SqlResult Scene::Sql(const std::string& sql) {
  if (own_ == nullptr) own_ = OpenOwn();
  return MustExecute(*own_, {sql});
}

std::string Scene::WeakRole() {
  static int count = 0;
  const std::string role = "weak_" + std::to_string(++count);
  Sql("CREATE ROLE " + role);
  return role;
}

void Scene::DropDatabase() {
  own_.reset();
  std::filesystem::remove(folder_ / "shop.db");
}

std::string Scene::Column(const std::string& sql) {
  std::vector<std::string> cells;
  for (const auto& row : Sql(sql).rows) cells.push_back(TextOf(row[0]));
  return Join(cells);
}

std::string Scene::Log() {
  return Column("SELECT " + Concatenated({"direction", "':'", "name", "':'", "outcome"}) +
                " FROM " + Mig("mig_log") + " ORDER BY sequence");
}

std::string Scene::Tables() {
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

std::string Scene::Everything() {
  return "ran: " + Ran() + "\ntables: " + Tables() + "\nrows: " +
         Column("SELECT " + Concatenated({"id", "name"}) + " FROM " + Mig("mig_version") +
                " ORDER BY name") +
         "\nobjects: " + Column("SELECT id FROM " + Mig("mig_object") + " ORDER BY id") +
         "\njournal: " + Column("SELECT name FROM " + Mig("mig_journal")) + "\n";
}

std::string Scene::Concatenated(const std::vector<std::string>& texts) const {
  return mariadb() ? "concat(" + Join(texts, ", ") + ")" : Join(texts, " || ");
}

std::string Scene::Mig(const std::string& table) const {
  if (mariadb() && !target_.schema.empty())
    return QuoteName(target_.schema, Dialect::kMariadb) + "." + table;
  return postgres() ? QuoteName(target_.schema.empty() ? "public" : target_.schema) + "." + table
                    : table;
}

int Scene::RunClient(const std::string& script) {
  const std::string path = folder_ / "script.sql";
  std::ofstream(path) << script;
  const std::string out = " >" + (folder_ / "client.log") + " 2>&1";
  const std::string mariadb_client =
      "mariadb --no-defaults --user=root --socket=" + SocketOfMariadb() + " " + database_ + " <" +
      path + out;
  const std::string command = mariadb()    ? mariadb_client
                              : postgres() ? "psql -X -q -d '" + target_.url + "' -f " + path + out
                                           : "sqlite3 " + (folder_ / "shop.db") + " <" + path + out;
  const int status = std::system(command.c_str());
  std::ifstream log(folder_ / "client.log");
  if (status != 0) client_log_ = std::string(std::istreambuf_iterator<char>(log), {});
  return status;
}

std::string Scene::Script(const Operation& operation) {
  auto script = engine_->RenderScript(Spec(operation));
  EXPECT_TRUE(script) << script.error().message;
  return script ? *script : "";
}

void Scene::ExpectSound() {
  ExpectLogChained();
  ExpectObjectsGenuine();
}

std::string Scene::MaximalOfTables() {
  const std::vector<std::string> applied = Words(Tables());
  std::set<std::string> covered;
  for (const std::string& name : applied) covered.insert(below_[name].begin(), below_[name].end());
  std::vector<std::string> maximal;
  for (const std::string& name : applied) {
    if (!covered.contains(name)) maximal.push_back(name);
  }
  return Join(maximal);
}

Scene::Scene(const Scene& other, const std::string& schema)
    : dialect_(other.dialect_),
      database_(other.database_),
      target_(other.target_),
      files_(other.files_) {
  target_.schema = schema;
  Restart();
}

void Scene::MakeRan() {
  Sql(postgres()  ? "CREATE TABLE ran (n bigserial PRIMARY KEY, what text)"
      : mariadb() ? "CREATE TABLE ran (n bigint AUTO_INCREMENT PRIMARY KEY, what text)"
                  : "CREATE TABLE ran (n integer PRIMARY KEY AUTOINCREMENT, what text)");
}

void Scene::DrawOne(const std::string& line) {
  const auto colon = line.find(':');
  const std::string name = Words(line.substr(0, colon)).at(0);
  std::vector<std::string> parents, depends;
  for (const std::string& word : Words(colon == std::string::npos ? "" : line.substr(colon + 1))) {
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

void Scene::ExpectLogChained() {
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

void Scene::ExpectObjectsGenuine() {
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
    std::ranges::move(HexOf(LinksOf(objects[id])), std::back_inserter(todo));
  }
}

}  // namespace mig
