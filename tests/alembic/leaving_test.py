#!/usr/bin/python3
"""Leaving Alembic, on SQLite and PostgreSQL, with Alembic itself beside: what it makes of a database and what mig makes
of one are compared.

    with_postgres leaving_test.py [unittest arguments]

MIG_BINARY and MIGD_BINARY say where things are; MIG_TEST_POSTGRES_URL is a server's.
"""
import argparse
import itertools
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import unittest

from make_project import Project

HERE = pathlib.Path(__file__).parent
MIG, MIGD = (os.environ[name] for name in ("MIG_BINARY", "MIGD_BINARY"))
BOOKKEEPING = re.compile(r"\b(mig_\w+|alembic_version)")
READS = "d2000000dada"  # the revision that cannot be rendered
NUMBERS = itertools.count(1)

# What a person writes in its place; the column comes from the part that was rendered.
SPLIT_NAMES = {
    "sqlite": "UPDATE users SET family_name = replace(name, rtrim(name, replace(name, ' ', '')), '');\n",
    "postgresql": "UPDATE users SET family_name = substring(name from '[^ ]*$');\n",
}


class Sqlite:
    dialect = "sqlite"

    def __init__(self, folder):
        self.path = folder / f"shop{next(NUMBERS)}.db"
        self.url = f"sqlite:{self.path}"
        self.alembic_url = f"sqlite:///{self.path}"

    def ask(self, sql):
        with sqlite3.connect(self.path) as connection:
            return [row[0] for row in connection.execute(sql)]

    change = ask

    def schema(self):
        """Each statement's lines in one order: SQLAlchemy reflects constraints in any."""
        statements = self.ask("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        normal = [sorted(line.strip().rstrip(",") for line in sql.splitlines()) for sql in statements
                  if not BOOKKEEPING.search(sql)]
        return "\n\n".join("\n".join(lines) for lines in normal).replace('"', "")


class Postgres:
    dialect = "postgresql"

    def __init__(self, folder):
        server, name = os.environ["MIG_TEST_POSTGRES_URL"], f"leaving_{os.getpid()}_{next(NUMBERS)}"
        subprocess.run(["psql", "-XqAt", "-d", server, "-c", f"CREATE DATABASE {name}"], check=True)
        self.url = re.sub(r"(?<!/)/postgres\b", f"/{name}", server, count=1)
        self.alembic_url = self.url

    def ask(self, sql):
        shown = subprocess.run(["psql", "-XqAt", "-d", self.url, "-c", sql], check=True, capture_output=True, text=True)
        return shown.stdout.splitlines()

    change = ask

    def schema(self):
        dump = subprocess.run(["pg_dump", "--schema-only", "--exclude-table=mig_*", "--exclude-table=alembic_version*",
                               "-d", self.url], check=True, capture_output=True, text=True).stdout
        return "\n".join(line for line in dump.splitlines() if not line.startswith(("--", "\\")) and line)


class Tools:
    """mig in `tree`, Alembic in `project`, both on `database`."""

    @classmethod
    def run_mig(cls, folder, database, *words):
        environment = {**os.environ, "MIG_MIGD": MIGD, "DATABASE_URL": database.alembic_url, "PYTHONDONTWRITEBYTECODE": "1",
                       "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.com"}
        return subprocess.run([MIG, *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def configure(self, *lines):
        (self.tree / "mig.toml").write_text("\n".join(
            ['[project]', 'name = "shop"', '[targets.dev]', f'url = "{self.database.url}"', *lines, ""]))

    def mig(self, *words, status=0):
        """What it answers; of a refusal, what it says."""
        done = self.run_mig(self.tree, self.database, *words)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stderr if status else done.stdout

    def alembic(self, *words, database=None, status=0):
        environment = {**os.environ, "DATABASE_URL": (database or self.database).alembic_url,
                       "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        done = subprocess.run(["alembic", *words], cwd=self.project, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout


class Leaving(Tools):
    """A project and a work tree for each test; `engine` is of the subclasses."""

    @classmethod
    def setUpClass(cls):
        """Alembic's own answers, and the import, once."""
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mig-leaving-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.project = cls.folder / "project"
        subprocess.run([HERE / "make_project.py", cls.project], check=True, stdout=subprocess.DEVNULL)
        cls.alembics = cls.engine(cls.folder)
        cls.imported = cls.folder / "imported"
        cls.import_answer = cls.run_mig(cls.project, cls.alembics, "import", "alembic", "--into", str(cls.imported), "--json")
        cls.addClassCleanup(cls.run_mig, cls.imported, cls.alembics, "daemon", "stop")

    def setUp(self):
        self.tree = self.folder / f"tree{next(NUMBERS)}"
        shutil.copytree(self.imported, self.tree, ignore=shutil.ignore_patterns(".mig"))
        self.database = self.engine(self.folder)
        self.configure()
        self.addCleanup(lambda: self.run_mig(self.tree, self.database, "daemon", "stop"))

    def finish_by_hand(self):
        """Writes the SQL that Python did, as docs/leaving-alembic.md says."""
        path = next((self.tree / "migrations").glob(READS + "*.sql"))
        text = path.read_text()
        finished = re.sub(r"-- mig:up unrendered:.*\n(?:--.*\n)+", lambda _: "-- mig:up\n" + SPLIT_NAMES[self.engine.dialect],
                          text, count=1)
        self.assertNotEqual(finished, text)
        path.write_text(finished)

    def applied(self):
        """What is current, by the ids that Alembic gave."""
        return sorted(line.split("_")[0] for line in self.mig("current").splitlines())

    def table(self):
        return sorted(self.database.ask("SELECT version_num FROM alembic_version"))

    # The files.

    def test_lists_what_cannot_be_rendered_with_file_and_line(self):
        lines = [json.loads(line) for line in self.import_answer.stdout.splitlines()]
        self.assertEqual(self.import_answer.returncode, 4, self.import_answer.stderr)
        self.assertEqual(len(lines), 62)
        found = [(line["alembicId"], line["unrendered"]) for line in lines if line["unrendered"]]
        self.assertEqual([name for name, _ in found], [READS])
        [what] = found[0][1]
        self.assertEqual(what["direction"], "upgrade")
        text = (self.project / what["alembicFile"]).read_text().splitlines()
        self.assertIn("for row in connection.execute", text[what["line"] - 1])

    def test_keeps_every_identifier(self):
        shown = [json.loads(line) for line in self.import_answer.stdout.splitlines()]
        for line in shown[::9]:
            answer = json.loads(self.mig("show", line["alembicId"], "--json"))
            self.assertEqual(answer["revisions"][0]["revision"]["name"], line["name"])
        self.assertIn(READS, self.mig("show", "d200"))  # a prefix
        self.assertIn("5a0000000001_create_payments", self.mig("show", "payments"))
        self.assertIn("stock-keeping", self.mig("show", "6b0000000001"))
        heads = sorted(line.split("_")[0] for line in self.mig("heads").splitlines())
        self.assertEqual(heads, sorted(line.split()[0] for line in self.alembic("heads").splitlines()))
        branches = lambda text: sorted(re.findall(r"\b[0-9a-f]{12}\b", text))
        self.assertEqual(branches(re.sub(r"_\w+", "", self.mig("branches"))), branches(self.alembic("branches")))

    def test_is_repeatable_and_never_loses_a_file(self):
        self.finish_by_hand()
        path = next((self.tree / "migrations").glob(READS + "*.sql"))
        finished = path.read_text()
        done = self.run_mig(self.project, self.database, "import", "alembic", "--into", str(self.tree))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("62 revisions of Alembic: 0 written, 61 unchanged, 1 kept as they are", done.stderr)
        self.assertEqual(path.read_text(), finished)

    def test_refuses_what_was_not_rendered_before_anything_runs(self):
        for words in (["upgrade", "heads"], ["plan", "upgrade", "heads"], ["upgrade", "base:heads", "--sql"]):
            said = self.mig(*words, status=2)
            self.assertIn("UNRENDERED", said)
            self.assertIn("it reads what a statement returns (alembic/versions/d2000000dada", said)
        self.assertEqual(self.database.ask("SELECT 1") and self.mig("current"), "")

    # The databases.

    def test_makes_the_schema_that_alembic_makes_and_goes_back_to_none(self):
        self.finish_by_hand()
        self.alembic("upgrade", "heads", database=self.alembics)
        self.mig("upgrade", "heads")
        self.assertEqual(self.database.schema(), self.alembics.schema())
        for table in ("categories", "coupons"):
            rows = f"SELECT title FROM {table} ORDER BY 1" if table == "categories" else \
                f"SELECT code || percent FROM {table} ORDER BY 1"
            self.assertEqual(self.database.ask(rows), self.alembics.ask(rows))
        self.alembic("downgrade", "base", database=self.alembics)
        self.mig("downgrade", "base")
        self.assertEqual(self.database.schema(), self.alembics.schema())
        self.assertEqual(self.mig("current"), "")

    def test_takes_over_a_database_that_alembic_migrated(self):
        self.finish_by_hand()
        self.alembic("upgrade", "7c0000000001")
        self.alembic("upgrade", "8d0000000003")
        self.assertEqual(self.applied(), ["7c0000000001", "8d0000000003"])
        self.assertIn("current:  7c0000000001", self.mig("status"))
        self.mig("upgrade", "heads")
        alembics = self.engine(self.folder)
        self.alembic("upgrade", "heads", database=alembics)
        self.assertEqual(self.database.schema(), alembics.schema())
        first = self.database.ask("SELECT name FROM mig_log WHERE sequence = 1 AND direction = 'stamp'")
        self.assertRegex(first[0], "^7c.*, 8d.* from alembic_version$|^8d.*, 7c.* from alembic_version$")
        self.mig("downgrade", "base")
        self.assertEqual(self.mig("current"), "")

    def test_takes_over_with_an_upgrade_that_has_nothing_to_do(self):
        self.alembic("upgrade", "heads")
        self.mig("upgrade", "heads")
        self.assertEqual(self.database.ask("SELECT count(*) FROM mig_log") * 1, self.database.ask("SELECT 1"))
        self.finish_by_hand()  # afterwards: nothing runs
        self.assertIn("relink", self.mig("plan", "reapply"))
        self.mig("reapply")
        self.assertEqual(self.applied(), sorted(self.table()))

    def test_refuses_a_database_that_is_ahead_of_the_files(self):
        self.alembic("upgrade", "7c0000000001")
        for path in (self.tree / "migrations").glob("7c*"):
            path.unlink()
        for path in (self.tree / "migrations").glob("*.sql"):
            if path.name[:2] in ("9e", "af", "b0", "c1", "d2", "e3", "f4", "f5"):
                path.unlink()
        self.assertIn("UNKNOWN_APPLIED", self.mig("current", status=2))
        self.assertIn("alembic_version says 7c0000000001", self.mig("upgrade", "heads", status=2))

    def test_both_tools_alternate(self):
        self.finish_by_hand()
        self.configure('compat = "alembic"')
        self.mig("upgrade", "3f0000aa0002")
        self.assertEqual(self.table(), ["3f0000aa0002"])
        self.alembic("upgrade", "4d5e6f000002")
        said = self.mig("upgrade", "heads", status=2)
        self.assertIn("alembic_version says 4d5e6f000002, and said 3f0000aa0002 when mig last ran", said)
        self.assertIn("VERSIONS_DIFFER", self.mig("current", status=2))
        self.mig("stamp", "--alembic")
        self.assertEqual(self.applied(), ["4d5e6f000002"])
        self.mig("upgrade", "payments@head")
        self.mig("upgrade", "8d0000000005")
        self.assertEqual(self.applied(), self.table())
        self.alembic("downgrade", "audit@8d0000000003")
        self.mig("stamp", "--alembic")
        self.assertEqual(self.applied(), self.table())
        self.mig("upgrade", "heads")
        self.assertEqual(self.applied(), self.table())
        self.assertEqual(self.alembic("upgrade", "heads"), "")
        self.assertEqual(self.applied(), self.table())
        self.mig("downgrade", "coupons@base")
        self.assertEqual(self.applied(), self.table())
        self.alembic("downgrade", "base")
        self.mig("stamp", "--alembic")
        self.assertEqual(self.applied(), [])

    def test_a_revision_that_alembic_does_not_know_is_refused_while_both_are_used(self):
        self.configure('compat = "alembic"')
        self.mig("upgrade", "1a2b3c000002")
        (self.tree / "migrations" / "news.sql").write_text(
            "-- parents: 1a2b3c000002\n\n-- mig:up\nCREATE TABLE news (id integer);\n\n-- mig:down\nDROP TABLE news;\n")
        self.assertIn("Alembic does not know news", self.mig("upgrade", "news", status=2))
        self.assertEqual(self.applied(), self.table())
        self.configure()
        self.mig("upgrade", "news")

    def test_a_script_follows_alembics_table_too(self):
        self.configure('compat = "alembic"')
        script = self.mig("upgrade", "base:1a2b3c000002", "--sql")
        if self.engine is Sqlite:
            subprocess.run(["sqlite3", self.database.path], input=script, check=True, text=True)
        else:
            subprocess.run(["psql", "-Xq", "-d", self.database.url], input=script, check=True, text=True)
        self.assertEqual(self.table(), ["1a2b3c000002"])
        self.assertEqual(self.applied(), ["1a2b3c000002"])


class OwnProject(Tools):
    """A project that a test writes; the two tools have a database each."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mig-leaving-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.project, self.tree = self.folder / "project", self.folder / "tree"
        self.written = Project(str(self.project))
        self.database, self.alembics = self.engine(self.folder), self.engine(self.folder)

    def add(self, id, up, down="", **more):
        self.written.add(id, "", up, down, **more)

    def run_import(self, *words, url=None):
        database = argparse.Namespace(alembic_url=url) if url else self.database
        self.addCleanup(lambda: self.tree.exists() and self.run_mig(self.tree, self.database, "daemon", "stop"))
        return self.run_mig(self.project, database, "import", "alembic", "--into", str(self.tree), *words)

    def import_all(self, status=0):
        """Why what is not SQL, and where, by revision and direction; and what is said of each file."""
        done = self.run_import("--json")
        self.assertEqual(done.returncode, status, done.stderr)
        self.configure()
        files = [json.loads(line) for line in done.stdout.splitlines()]
        return {(file["alembicId"], one["direction"]): one for file in files for one in file["unrendered"]}, files

    def both(self, *words):
        self.alembic(*words, database=self.alembics)
        self.mig(*words)
        self.assertEqual(self.database.schema(), self.alembics.schema())

    def change(self, sql):
        for database in (self.database, self.alembics):
            database.change(sql)

    def same_rows(self, sql):
        rows = self.database.ask(sql)
        self.assertEqual(rows, self.alembics.ask(sql))
        return rows

    def test_a_line_that_mig_would_take_for_a_mark_is_listed(self):
        self.add("aaaa", """
            op.execute('CREATE TABLE a (b int)')
            op.execute('CREATE TABLE c (d int\\n-- mig:down\\n)')
            """)
        self.add("bbbb", "op.execute('CREATE TABLE e (f int)')")
        unrendered, files = self.import_all(status=4)
        self.assertEqual(list(unrendered), [("aaaa", "upgrade")])
        what = unrendered["aaaa", "upgrade"]
        self.assertEqual(what["why"], "a line of its SQL would be taken for a mark of mig")
        self.assertIn("-- mig:down", (self.project / what["alembicFile"]).read_text().splitlines()[what["line"] - 1])
        self.assertEqual([file["file"] for file in files], ["written", "written"])
        self.assertIn("UNRENDERED", self.mig("upgrade", "heads", status=2))

    def test_a_line_feed_of_another_kind_is_not_changed_in_silence(self):
        self.add("aaaa", "op.execute('CREATE TABLE a (b text)')")
        self.add("bbbb", r"""op.execute("INSERT INTO a VALUES ('one\r\ntwo')")""")
        unrendered, _ = self.import_all(status=4)
        self.assertEqual(unrendered["bbbb", "upgrade"]["why"],
                         "its SQL has a carriage return or a NUL, which no revision file has")

    def test_a_parameter_without_a_value_is_no_null(self):
        self.add("aaaa", "op.execute('CREATE TABLE a (b text)')")
        self.add("bbbb", "op.execute(\"INSERT INTO a VALUES (':word')\")")
        unrendered, _ = self.import_all(status=4)
        self.assertEqual(unrendered["bbbb", "upgrade"]["why"], "`:word` in it is a parameter without a value")

    def test_says_what_is_something_else_each_time(self):
        self.add("aaaa", """
            import uuid
            op.execute('CREATE TABLE a (b text)')
            op.execute("INSERT INTO a VALUES ('%s')" % uuid.uuid4())
            """)
        self.add("bbbb", "op.create_table('d', sa.Column('e', sa.Enum('f', name='g')))")
        self.assertEqual([file["varying"] for file in self.import_all()[1]], [["upgrade"], []])
        shutil.rmtree(self.tree / "migrations")
        (self.tree / "migrations").mkdir()
        self.assertIn("aaaa.sql: the upgrade says something else each time", self.run_import().stderr)

    def test_makes_nothing_where_one_file_cannot_be_written(self):
        self.add("aaaa", "op.execute('CREATE TABLE a (b text)')")
        self.add("bbbb", "op.execute('CREATE TABLE c (d text) -- ' + (17 << 20) * 'x')")  # larger than a file may be
        done = self.run_import()
        self.assertIn("bbbb_.py: ", done.stderr)
        self.assertFalse(self.tree.exists())

    def test_a_url_with_a_password_is_added_to_what_dot_env_says(self):
        url = "postgresql://ann:secret@localhost/shop"
        ini, dot_env = self.project / "alembic.ini", self.tree / ".env"
        ini.write_text(ini.read_text().replace("driver://the.environment.says/it", url))
        self.add("aaaa", "op.execute('CREATE TABLE a (b text)')")
        self.tree.mkdir()
        dot_env.write_text("OTHER=1")
        done = self.run_import(url=url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"it is MIG_DEV_URL in {dot_env}", done.stderr)
        self.assertEqual(dot_env.read_text(), f"OTHER=1\nMIG_DEV_URL={url}\n")
        self.assertIn('url = "${MIG_DEV_URL}"', (self.tree / "mig.toml").read_text())
        (self.tree / "mig.toml").unlink()
        dot_env.write_text("MIG_DEV_URL=another\n")
        self.assertIn(f"{dot_env} has another MIG_DEV_URL already", self.run_import(url=url).stderr)
        self.assertEqual(dot_env.read_text(), "MIG_DEV_URL=another\n")
        self.assertFalse((self.tree / "mig.toml").exists())


USERS = "op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(50)))\n"
REBUILD = """
with op.batch_alter_table('users') as batch:
    batch.alter_column('name', nullable=False, existing_type=sa.String(50))
"""
BACK = REBUILD.replace("False", "True")


class OwnProjectOnSqlite(OwnProject, unittest.TestCase):
    engine = Sqlite

    def test_a_message_that_changed_leaves_the_file_its_name(self):
        self.add("aaaa", "op.execute('CREATE TABLE a (b text)')")
        self.written.add("bbbb", "crete c", "op.execute('CREATE TABLE c (d text)')", "")
        self.add("cccc", "op.execute('CREATE TABLE e (f text)')")
        self.import_all()
        python = self.project / "alembic/versions/bbbb_crete_c.py"
        python.write_text(python.read_text().replace("crete c", "create c"))
        self.add("dddd", "op.execute('CREATE TABLE g (h text)')", after="bbbb")
        names = ["aaaa.sql", "bbbb_crete_c.sql", "cccc.sql", "dddd.sql"]
        for words, fate in (([], "kept"), (["--allow", "overwrite"], "written"), ([], "unchanged")):
            done = self.run_import("--json", *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            files = {file["path"].split("/")[-1]: file["file"] for file in map(json.loads, done.stdout.splitlines())}
            self.assertEqual(sorted(files), names)
            self.assertEqual((files["bbbb_crete_c.sql"], files["cccc.sql"]), (fate, "unchanged"))
            self.assertEqual(sorted(path.name for path in (self.tree / "migrations").iterdir()), names)
        self.assertIn("bbbb_crete_c -> cccc (head)", self.mig("history"))
        self.assertIn("create c\n", self.mig("show", "bbbb"))
        self.assertIn("-- parents: bbbb_crete_c\n", (self.tree / "migrations/dddd.sql").read_text())

    def test_a_file_that_was_moved_is_imported_no_second_time(self):
        self.add("aaaa", "op.execute('CREATE TABLE a (b text)')")
        self.add("bbbb", "op.execute('CREATE TABLE c (d text)')")
        self.import_all()
        (self.tree / "old").mkdir()
        (self.tree / "migrations/aaaa.sql").rename(self.tree / "old/aaaa.sql")
        config = self.tree / "mig.toml"
        config.write_text(config.read_text().replace("[project]", '[project]\nmigrations = ["migrations", "old"]'))
        done = self.run_import()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("0 written, 2 unchanged", done.stderr)

    def test_says_where_the_files_are_not_what_alembic_has_now(self):
        for id in ("aaaa", "bbbb", "cccc"):
            self.add(id, f"op.execute('CREATE TABLE {id} (a text)')")
        self.import_all()
        self.assertNotIn("stays as it is", self.run_import().stderr)
        (self.project / "alembic/versions/bbbb_.py").unlink()
        python = self.project / "alembic/versions/cccc_.py"
        python.write_text(python.read_text().replace("down_revision = 'bbbb'", "down_revision = 'aaaa'"))
        unknown = "migrations/bbbb.sql: Alembic has no revision bbbb; the file stays as it is\n"
        others = "migrations/cccc.sql: the file stays as it is, and its parents are not those that Alembic says now: aaaa\n"
        for words, expected in (([], [unknown, others]), (["--allow", "overwrite"], [unknown])):
            done = self.run_import(*words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual([text for text in (unknown, others) if f"warning: {text}" in done.stderr], expected)

    def test_a_rebuild_knows_what_the_same_function_did_before(self):
        self.add("aaaa", USERS + "op.create_index('ix_name', 'users', ['name'])", "op.drop_table('users')")
        self.add("bbbb", "op.drop_index('ix_name')\n"
                 "op.add_column('users', sa.Column('email', sa.String(20)))\n"
                 "op.execute(\"UPDATE users SET email = name || '@x'\")" + REBUILD, BACK +
                 "with op.batch_alter_table('users') as batch:\n    batch.drop_column('email')\n"
                 "op.create_index('ix_name', 'users', ['name'])")
        self.add("cccc", """
            op.add_column('users', sa.Column('age', sa.Integer))
            with op.batch_alter_table('users') as batch:
                batch.alter_column('age', new_column_name='years', type_=sa.String(3), existing_type=sa.Integer)
            op.create_table('pets', sa.Column('id', sa.Integer), sa.Column('name', sa.Text))
            with op.batch_alter_table('pets') as batch:
                batch.alter_column('name', nullable=False)
            op.rename_table('pets', 'animals')
            with op.batch_alter_table('animals') as batch:
                batch.alter_column('id', nullable=False)
            """, """
            op.drop_table('animals')
            with op.batch_alter_table('users') as batch:
                batch.drop_column('years')
            """)
        self.assertEqual(self.import_all()[0], {})
        self.both("upgrade", "aaaa")
        self.change("INSERT INTO users (id, name) VALUES (1, 'ann')")
        for words in (["upgrade", "bbbb"], ["upgrade", "cccc"], ["downgrade", "bbbb"]):
            self.both(*words)
            self.assertEqual(self.same_rows("SELECT id || name || email FROM users"), ["1annann@x"])
        self.both("downgrade", "aaaa")
        self.assertEqual(self.same_rows("SELECT id || name FROM users"), ["1ann"])

    def test_a_rebuild_knows_all_branches_that_were_merged_and_no_other(self):
        self.add("aaaa", USERS, "op.drop_table('users')")
        self.add("bbb1", "op.add_column('users', sa.Column('one', sa.Text))", after="aaaa")
        self.add("bbb2", "op.add_column('users', sa.Column('two', sa.Text))", after="aaaa")
        self.add("cccc", REBUILD, BACK, after=("bbb1", "bbb2"))
        self.add("dddd", "op.create_table('others', sa.Column('id', sa.Integer))", after="aaaa")
        self.add("eeee", "op.execute('CREATE TABLE made AS SELECT unheard_of(1)')", after="dddd")
        self.assertEqual(self.import_all()[0], {})
        self.both("upgrade", "bbb2")
        self.both("upgrade", "bbb1")
        self.change("INSERT INTO users (id, name, one, two) VALUES (1, 'ann', 'I', 'II')")
        self.both("upgrade", "cccc")
        self.assertEqual(self.same_rows("SELECT id || name || one || two FROM users"), ["1annIII"])

    def test_a_rebuild_of_what_another_branch_changes_is_left_to_a_person(self):
        self.add("aaaa", USERS, "op.drop_table('users')")
        self.add("0bbb", REBUILD, after="aaaa")
        self.add("cccc", "op.add_column('users', sa.Column('balance', sa.Integer, server_default='5'))", after="aaaa")
        self.add("dddd", "", after=("0bbb", "cccc"))
        unrendered, _ = self.import_all(status=4)
        self.assertEqual(list(unrendered), [("0bbb", "upgrade")])
        self.assertEqual(unrendered["0bbb", "upgrade"]["why"], "it rebuilds table users as its ancestors leave it, and "
                         "cccc, which is none of them, changes that table too")
        self.both("upgrade", "cccc")
        self.change("INSERT INTO users VALUES (1, 'ann', 42)")
        self.assertIn("UNRENDERED", self.mig("upgrade", "heads", status=2))
        self.assertEqual(self.database.ask("SELECT balance FROM users"), [42])

    def test_a_rebuild_on_the_way_down_does_not_drop_what_a_downgrade_left(self):
        self.add("aaaa", USERS, "op.drop_table('users')")
        self.add("bbbb", REBUILD, BACK)
        self.add("cccc", "op.add_column('users', sa.Column('balance', sa.Integer))", "pass")
        unrendered, _ = self.import_all(status=4)
        self.assertEqual(list(unrendered), [("bbbb", "downgrade")])
        self.assertEqual(unrendered["bbbb", "downgrade"]["why"], "it rebuilds table users as the upgrade leaves it, and "
                         "the downgrade of cccc leaves other columns or indexes")

    def test_what_cannot_be_followed_leaves_only_what_comes_after_it_to_a_person(self):
        self.add("aaaa", USERS + "op.create_table('pets', sa.Column('id', sa.Integer))", "op.drop_table('users')")
        self.add("bbbb", "op.execute('CREATE TABLE made AS SELECT unheard_of(1)')")
        self.add("cccc", REBUILD)
        self.add("dddd", "with op.batch_alter_table('pets') as batch:\n    batch.alter_column('id', nullable=False)",
                 after="aaaa")
        unrendered, _ = self.import_all(status=4)
        self.assertEqual(list(unrendered), [("cccc", "upgrade")])
        self.assertEqual(unrendered["cccc", "upgrade"]["why"], "it rebuilds table users, whose shape is unknown since bbbb")


class OwnProjectOnPostgres(OwnProject, unittest.TestCase):
    engine = Postgres

    def test_literals_and_functions_are_what_they_were(self):
        self.add("aaaa", r"""
            op.create_table('u', sa.Column('id', sa.Integer, primary_key=True),
                            sa.Column('name', sa.Text, server_default='a\tb'))
            op.execute('CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n\tRETURN 1; -- 50%\nEND $$ LANGUAGE plpgsql')
            """, "op.execute('DROP FUNCTION f()')\nop.drop_table('u')")
        self.add("bbbb", r"""
            u = sa.table('u', sa.column('id', sa.Integer), sa.column('name', sa.Text))
            op.bulk_insert(u, [{'id': 1, 'name': 'C:\\temp'}, {'id': 2, 'name': "a\tb 'c' 100%"}])
            op.execute("INSERT INTO u VALUES (3, E'x\\ty')")
            op.execute("INSERT INTO u (id) VALUES (4)")
            """, "op.execute('DELETE FROM u')")
        self.assertEqual(self.import_all()[0], {})
        self.both("upgrade", "bbbb")
        self.assertEqual(self.same_rows("SELECT name FROM u ORDER BY id"),
                         ["C:\\temp", "a\tb 'c' 100%", "x\ty", "a\tb"])

    def test_a_rebuild_is_left_to_a_person(self):
        self.add("aaaa", USERS, "op.drop_table('users')")
        self.add("bbbb", REBUILD.replace("'users'", "'users', recreate='always'"))
        unrendered, _ = self.import_all(status=4)
        self.assertEqual(unrendered["bbbb", "upgrade"]["why"],
                         "it rebuilds table users, whose shape only a live database knows")


class OnSqlite(Leaving, unittest.TestCase):
    engine = Sqlite


class OnPostgres(Leaving, unittest.TestCase):
    engine = Postgres


if __name__ == "__main__":
    sys.exit(unittest.main())
