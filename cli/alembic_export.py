"""Writes down an Alembic project as JSON lines, for `mig import alembic`.

Runs in the user's own interpreter, with the user's Alembic, env.py and naming conventions. Each revision is
rendered by itself, in both directions, in offline mode. What belongs to a revision is exactly what is put out while
its upgrade() or downgrade() runs; Alembic's own statements on its version table come before and after that.

On SQLite batch mode makes a new table out of what the database says about the old one. So each revision has a scratch
database with what its ancestors made, and no more; every statement is run there as it is put out. A rebuild is right
for every database only if nothing but ancestors shaped the table, which `Export.check_rebuilds` looks at in the end.

argv[1] is a JSON object: ini, toml, section, x, dialect, engine. Standard output (what env.py prints there goes to
standard error) gets one object a line, the key `kind` saying which:

    project   alembic, sqlalchemy (versions), count (of revisions)
    revision  id, down, depends, labels, message, notes, created, path, and for `upgrade` and `downgrade`
              {sections: [{transaction, statements}], unrendered, irreversible, line, source, varies}
    progress  done: how many of the 2 * count directions are rendered
    end       dialect, version_table, version_table_schema, url (where the configuration file says it)
    error     message: why there is no answer, instead of the rest
"""
import argparse
import contextlib
import datetime
import inspect
import io
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import textwrap
import traceback

ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
sys.path[:] = [folder for folder in sys.path if folder]


def answer(kind, **fields):
    ANSWERS.write(json.dumps(dict(fields, kind=kind)) + "\n")
    ANSWERS.flush()


def refuse(message):
    answer("error", message=message)
    sys.exit(1)


try:
    import alembic
    import sqlalchemy
    from alembic.config import Config
    from alembic.operations import Operations
    from alembic.operations.batch import ApplyBatchImpl, BatchOperationsImpl
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, MigrationStep
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError, load_python_file
except ImportError as missing:
    refuse("%s has no Alembic: %s" % (sys.executable, missing))


class NeedsDatabase(Exception):
    """The revision asks for something that only a database can answer."""


class NoResult:
    """What an offline statement returns. Not to look at it is fine."""

    def __init__(self, capture):
        self.__dict__["capture"] = capture
        self.__dict__["put_out"] = len(capture.sections[-1]["statements"])

    def fail(self, *_):
        del self.capture.sections[-1]["statements"][self.put_out - 1:self.put_out]  # a query, as it seems
        self.capture.fail("it reads what a statement returns")

    __getattr__ = __iter__ = __next__ = __getitem__ = __len__ = __bool__ = fail


# A line that mig would take for a section of the file, or for one that was mistyped.
MARK = re.compile(r"^\s*--[ \t]*mig[ \t]*:", re.IGNORECASE | re.MULTILINE)


class Capture:
    """What one direction of one revision puts out."""

    def __init__(self, path, scratch=None):
        self.path = path
        self.scratch = scratch  # None: not on SQLite
        self.rebuilt = {}  # the line of the last rebuild of each table, by its name in lower case
        self.varies = False  # it puts out something else each time
        self.sections = [{"transaction": True, "statements": []}]
        self.unrendered = None
        self.irreversible = None
        self.line = 0
        self.active = False
        self.finished = False

    def transaction(self, on):
        if self.sections[-1]["transaction"] != on:
            self.sections.append({"transaction": on, "statements": []})

    def add(self, text):
        statement = text.strip().rstrip(";").rstrip()
        word = statement.upper()
        if word in ("COMMIT", "END", "COMMIT TRANSACTION"):  # the old way out of the transaction
            self.transaction(False)
        elif word in ("BEGIN", "BEGIN TRANSACTION", "START TRANSACTION"):
            self.transaction(True)
        elif MARK.search(statement):
            self.fail("a line of its SQL would be taken for a mark of mig")
        elif "\r" in statement or "\0" in statement:
            self.fail("its SQL has a carriage return or a NUL, which no revision file has")
        elif statement:
            self.sections[-1]["statements"].append(statement)
            if self.scratch is not None:
                self.scratch.follow(statement)

    def fail(self, why):
        """Kept even if the revision catches the exception."""
        self.note(why, self.line_now())
        raise NeedsDatabase(why)

    def note(self, why, line):
        if self.unrendered is None:
            self.unrendered, self.line = why, line

    def line_now(self):
        frame = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename == self.path:
                return frame.f_lineno
            frame = frame.f_back
        return 0

    def run(self, function, arguments):
        self.active = True
        try:
            function(**arguments)
        except NeedsDatabase:
            pass
        except (Exception, SystemExit) as failure:
            self.raised(failure)
        finally:
            self.active = False
            self.finished = True

    def raised(self, failure):
        frames = [frame for frame in traceback.extract_tb(failure.__traceback__) if frame.filename == self.path]
        text = " ".join(str(failure).split())
        if isinstance(failure, NotImplementedError) and traceback.extract_tb(
                failure.__traceback__)[-1].filename == self.path:
            self.irreversible = text or "it raises NotImplementedError"
        elif self.unrendered is None:
            self.unrendered = ("%s: %s" % (type(failure).__name__, text))[:300].rstrip(": ")
        if not self.line and frames:
            self.line = frames[-1].lineno

    def fields(self, function):
        found = {"sections": [section for section in self.sections if section["statements"]]}
        if self.irreversible is not None:
            found["irreversible"] = self.irreversible
        if self.varies:
            found["varies"] = True
        if self.unrendered is not None:
            found.update(unrendered=self.unrendered, line=self.line)
            found["source"] = source_of(function)
        return found


def source_of(function):
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return ""


def literal_for(compiler, value, type_):
    """Literals that older versions of SQLAlchemy cannot write: as the driver would send them."""
    impl = type_.dialect_impl(compiler.dialect)
    process = impl.bind_processor(compiler.dialect)
    sent = process(value) if process is not None else value
    if isinstance(sent, (datetime.datetime, datetime.date, datetime.time)) or type(sent).__name__ == "UUID":
        sent = str(sent)
    if isinstance(sent, bool) or sent is None:
        return {True: "true", False: "false", None: "NULL"}[sent]
    if isinstance(sent, (int, float)) or type(sent).__name__ == "Decimal":
        return str(sent)
    if isinstance(sent, (bytes, memoryview)):
        written = bytes(sent).hex()
        return "'\\x%s'" % written if compiler.dialect.name == "postgresql" else "x'%s'" % written
    if isinstance(sent, str):
        escaped = sent.replace("\\", "\\\\") if getattr(compiler.dialect, "_backslash_escapes", False) else sent
        return "'%s'" % escaped.replace("'", "''")
    raise NotImplementedError("no literal for %r" % (value,))


def with_more_literals(compiler):
    class Compiler(compiler):
        def render_literal_value(self, value, type_):
            try:
                return super().render_literal_value(value, type_)
            except (NotImplementedError, sqlalchemy.exc.CompileError):
                return literal_for(self, value, type_)

    return Compiler


def bound(statement, row):
    """The statement with the parameters of one execution in it."""
    if isinstance(statement, sqlalchemy.sql.expression.TextClause):
        return statement.bindparams(**row)
    if getattr(statement, "is_insert", False):
        return statement.values(row)
    if getattr(statement, "is_update", False):
        columns = {key: row[key] for key in row if key in statement.table.c}
        statement = statement.values(columns) if columns else statement
        row = {key: row[key] for key in row if key not in columns}
    return statement.params(**row) if row else statement


def rows_of(multiple, named):
    """(row,), ([row, row],), (row, row) or **row: how execute() takes parameters."""
    rows = multiple[0] if len(multiple) == 1 and isinstance(multiple[0], (list, tuple)) else multiple
    return [dict(row) for row in rows] or ([named] if named else [])


def indented(text):
    """SQLAlchemy's tabs as blanks, but for those in quotes."""
    return re.sub(r"""('[^']*'|"[^"]*"|`[^`]*`)|\t""", lambda match: match.group(1) or "    ", text)


class Surroundings:
    """What env.py finds as `context`. It decides what it decides; only where the statements go is ours."""

    def __init__(self, environment, capture, dialect):
        self.capture = capture
        self.dialect = dialect
        self.configure_as_asked = environment.configure
        self.environment = environment
        self.url = None
        environment.configure = self.configure
        environment.is_offline_mode = self.is_offline_mode

    def is_offline_mode(self):
        if self.capture().active:
            self.capture().fail("it asks whether it runs offline")
        return not self.capture().finished  # the scratch database is live

    def configure(self, connection=None, url=None, dialect_name=None, dialect_opts=None, **options):
        options.update(literal_binds=True)
        # With another style a percent sign would be doubled for a driver that never sees it.
        dialect_opts = dict(dialect_opts or {}, paramstyle="named")
        if self.dialect is not None:
            url, dialect_name = None, self.dialect
        elif connection is not None:
            url, dialect_name = None, connection.dialect.name
        self.url = url
        self.configure_as_asked(url=url, dialect_name=dialect_name, dialect_opts=dialect_opts, **options)
        self.tap(self.environment.get_context())

    def tap(self, context):
        capture, put_out = self.capture, context.impl.static_output
        context.dialect.statement_compiler = with_more_literals(context.dialect.statement_compiler)
        if context.dialect.name == "postgresql":
            context.dialect._backslash_escapes = False  # as every server since 9.1 says when it is asked

        def static_output(text):
            if capture().active:
                capture().add(text)
            else:
                put_out(text)

        def compile_as_it_is(construct, execution_options=None, multiparams=(), params=None):
            """Alembic's own writes blanks for each tab, in literals and functions as well, and NULL for a parameter
            without a value, for which a database would refuse the statement."""
            if multiparams or params:
                capture().fail("it passes parameters beside the statement")
            if isinstance(construct, str):
                construct = sqlalchemy.text(construct)
            if isinstance(construct, sqlalchemy.schema.DDLElement):
                text = str(construct.compile(dialect=context.dialect))
                return static_output(text if isinstance(construct, sqlalchemy.DDL) else indented(text))
            for element in sqlalchemy.sql.visitors.iterate(construct, {}):
                if getattr(element, "required", False):
                    capture().fail("`:%s` in it is a parameter without a value" % element.key)
            static_output(str(construct.compile(dialect=context.dialect, compile_kwargs={"literal_binds": True})))

        def execute(statement, *multiple, **named):
            if isinstance(statement, str):
                statement = sqlalchemy.text(statement)
            for row in rows_of(multiple, named) or [{}]:
                context.impl._exec(bound(statement, row) if row else statement)
            return NoResult(capture())

        def exec_driver_sql(statement, *parameters):
            if parameters:
                capture().fail("it passes parameters to the driver")
            static_output(statement)
            return NoResult(capture())

        @contextlib.contextmanager
        def autocommit_block():
            capture().transaction(False)
            try:
                yield
            finally:
                capture().transaction(True)

        context.impl.static_output = static_output
        context.impl._exec = compile_as_it_is
        context.connection.execute = execute
        context.connection.exec_driver_sql = exec_driver_sql
        context.autocommit_block = autocommit_block


# What changes rows alone need not be followed. With a semicolon in it, it may be more than one statement.
ROWS = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/)*(INSERT|UPDATE|DELETE|REPLACE|SELECT)\b(?!.*(;|sqlite_))",
                  re.IGNORECASE | re.DOTALL)


class Scratch:
    """A SQLite database with the tables that a revision finds, or leaves, and hardly any rows."""

    folder = None  # of all of them
    count = 0

    def __init__(self, name, original=None):
        Scratch.count += 1
        self.path = os.path.join(Scratch.folder, str(Scratch.count))
        self.doubt = original.doubt if original is not None else None  # the revision from which on it is no likeness
        self.name = name  # the revision that runs here
        self.found = None
        if original is not None:
            shutil.copyfile(original.path, self.path)
        self.database = sqlite3.connect(self.path, isolation_level=None)
        for pragma in ("page_size = 512", "journal_mode = MEMORY", "synchronous = OFF"):
            self.database.execute("PRAGMA " + pragma)
        self.connected = None

    def connection(self):
        """SQLAlchemy's."""
        if self.connected is None:
            self.connected = sqlalchemy.create_engine("sqlite://", creator=lambda: self.database,
                                                      poolclass=sqlalchemy.pool.StaticPool).connect()
        return self.connected

    def follow(self, statement):
        if ROWS.match(statement):
            return
        try:
            self.database.execute(statement).fetchall()
        except Exception:
            self.doubt = self.doubt or self.name

    def run(self, function, arguments, options):
        """Lets a function that cannot be rendered do what it does to a live database."""
        options = dict(options, as_sql=False, literal_binds=False, output_buffer=io.StringIO())
        options.pop("fn", None)
        context = MigrationContext.configure(connection=self.connection(), opts=options)
        try:
            with Operations.context(context):
                function(**arguments)
            with contextlib.suppress(AttributeError):
                self.connection().commit()
        except (Exception, SystemExit):
            self.doubt = self.doubt or self.name

    def close(self):
        """Nothing more runs here: it can be copied, and asked for what is there."""
        self.database.commit()  # what the revision may have begun by itself
        self.found = {}
        for table, sql in self.database.execute("SELECT lower(tbl_name), sql FROM sqlite_master "
                                                "WHERE sql IS NOT NULL ORDER BY 1, 2").fetchall():
            self.found.setdefault(table, []).append(sql)
        if self.connected is not None:
            self.connected.close()
        self.database.close()

    def shapes(self):
        """What made each table, its indexes and triggers, by the table's name."""
        return self.found

    def remove(self):
        os.unlink(self.path)

    def names(self, table):
        """Of its columns and indexes."""
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            quoted = table.replace('"', '""')
            return {row[1].lower() for pragma in ("table_info", "index_list")
                    for row in database.execute('PRAGMA %s("%s")' % (pragma, quoted))
                    if not row[1].startswith("sqlite_autoindex")}


def flush_with(capture):
    """Lets batch mode reflect from the scratch database where it would have to ask a live one."""
    flush = BatchOperationsImpl.flush

    def flush_offline(self):
        running = capture()
        if self.copy_from is not None or not self._should_recreate() or not running.active:
            return flush(self)
        if running.scratch is None:
            running.fail("it rebuilds table %s, whose shape only a live database knows" % self.table_name)
        if running.scratch.doubt is not None:
            running.fail("it rebuilds table %s, whose shape is unknown since %s" %
                         (self.table_name, running.scratch.doubt))
        running.rebuilt[self.table_name.lower()] = running.line_now()
        context = self.operations.migration_context
        context.as_sql = False
        self.operations.get_bind = running.scratch.connection
        try:
            return flush(self)
        finally:
            context.as_sql = True
            del self.operations.get_bind

    BatchOperationsImpl.flush = flush_offline
    rebuild_in_one_order()


def rebuild_in_one_order():
    """A rebuilt table gets its constraints and indexes in the order of sets of objects, another one in each process. The
    same project must give the same files."""
    grab = ApplyBatchImpl._grab_table_elements

    def grab_in_order(self):
        self.table.constraints = sqlalchemy.util.OrderedSet(self.table._sorted_constraints)
        self.table.indexes = sqlalchemy.util.OrderedSet(sorted(self.table.indexes, key=lambda index: index.name or ""))
        return grab(self)

    ApplyBatchImpl._grab_table_elements = grab_in_order


def as_tuple(value):
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def parents_first(revisions):
    """The scripts, each behind all that it follows or depends on."""
    by_id, order, placed = {script.revision: script for script in revisions}, [], set()
    for start in sorted(by_id):
        stack = [start]
        while stack:
            below = [other for other in by_id[stack[-1]]._all_down_revisions if other not in placed]
            if below:
                stack.append(below[0])
                continue
            name = stack.pop()
            if name not in placed:
                placed.add(name)
                order.append(by_id[name])
    return order


HEADING = re.compile(r"^(Revision ID|Revises|Create Date|Branch Labels?|Depends On)\s*:\s*(.*)$", re.IGNORECASE)


def docstring_of(script):
    """The docstring's first line, what else a person wrote there, and the date."""
    message, notes, created = "", [], ""
    for line in (script.module.__doc__ or "").strip().splitlines():
        heading = HEADING.match(line.strip())
        if heading:
            if heading.group(1).lower() == "create date":
                created = timestamp(heading.group(2).strip())
        elif not message:
            message = " ".join(line.split())
        else:
            notes.append(line.rstrip())
    return message, "\n".join(notes).strip("\n"), created


def timestamp(text):
    match = re.match(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?)?\s*([+-]\d{2}:?\d{2})?", text)
    if match is None:
        return ""
    clock = match.group(2) or "00:00:00"
    moment = datetime.datetime.strptime("%s %s" % (match.group(1), clock if len(clock) > 5 else clock + ":00"),
                                        "%Y-%m-%d %H:%M:%S")
    if match.group(3):
        zone = match.group(3).replace(":", "")
        offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
        moment -= -offset if zone[0] == "-" else offset
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def loaded_anew(script):
    """The revision's module as it is before anything ran: a function may have changed what is beside it."""
    try:
        return load_python_file(*os.path.split(script.module.__file__))
    except Exception:  # it enters itself somewhere, and can do so once
        return script.module


class Lineage:
    """Who follows whom, dependencies included."""

    def __init__(self, order):
        self.order = order  # parents first
        self.bit = {script.revision: 1 << number for number, script in enumerate(order)}
        self.ancestors = {}  # sets as numbers; a revision is in its own
        for script in order:
            self.ancestors[script.revision] = self.bit[script.revision]
            for name in script._all_down_revisions:
                self.ancestors[script.revision] |= self.ancestors[name]

    def follows(self, found, other):
        return bool(self.ancestors[found.name] & self.bit[other.name])

    def related(self, found, other):
        return self.follows(found, other) or self.follows(other, found)

    def above(self, script):
        """The parent that has most below it, and the scripts that lack then, in order."""
        parents = sorted(script._all_down_revisions, key=lambda name: bin(self.ancestors[name]).count("1"))
        if not parents:
            return None, []
        lacking = self.ancestors[script.revision] & ~self.bit[script.revision] & ~self.ancestors[parents[-1]]
        return parents[-1], [other for other in self.order if lacking & self.bit[other.revision]] if lacking else []


class Rendered:
    """One direction of one revision, and on SQLite the database before and after it."""

    def __init__(self, script, function, capture, before, after):
        self.name = script.revision
        self.function = function
        self.capture = capture
        self.before = before
        self.after = after
        self.left = set()  # of a downgrade: tables that have other columns or indexes than before the upgrade

    def changed(self):
        """The tables that are no longer what they were."""
        before, after = self.before.shapes(), self.after.shapes()
        return {table for table in set(before) | set(after) if before.get(table) != after.get(table)}

    def may_change(self, table):
        """Whether it names a table, where it is not known what it did."""
        return self.after.doubt == self.name and re.search(r"\b%s\b" % re.escape(table), source_of(self.function),
                                                           re.IGNORECASE) is not None

    def follows_upgrade(self, upgrade):
        if self.capture.irreversible is None and self.after.doubt is None:
            self.left = {table for table in upgrade.changed()
                         if upgrade.before.names(table) != self.after.names(table)}


def engine_of(arguments):
    return repr(sorted(arguments.items()))


def missing_direction(name):
    def function(**_):
        raise NotImplementedError("%s() is not defined" % name)

    return function


class Export:
    def __init__(self, request):
        self.request = request
        self.capture = None
        self.context = None  # of the run that counts
        self.lineage = None
        self.upgraded = {}  # by engine and revision
        self.rendered = 0
        self.url = None
        self.config = self.configuration()
        self.script = ScriptDirectory.from_config(self.config)

    def configuration(self):
        request = self.request
        options = argparse.Namespace(x=request["x"] or None, sql=True, config=request["ini"], name=request["section"])
        keywords = {"ini_section": request["section"], "cmd_opts": options, "output_buffer": io.StringIO(),
                    "stdout": io.StringIO()}
        if request["toml"]:
            if "toml_file" not in inspect.signature(Config.__init__).parameters:
                refuse("Alembic %s does not read pyproject.toml; from 1.16 on it does" % alembic.__version__)
            keywords["toml_file"] = request["toml"]
        config = Config(request["ini"], **keywords)
        if not request["toml"] and not config.get_main_option("script_location"):
            config.set_main_option("script_location", os.path.dirname(request["ini"]))  # as Flask-Migrate does
        return config

    def application(self):
        """The env.py of Flask-Migrate looks around in an application."""
        with open(os.path.join(self.script.dir, "env.py"), encoding="utf-8") as env:
            if "current_app" not in env.read():
                return contextlib.ExitStack()
        from flask.cli import ScriptInfo
        return ScriptInfo().load_app().app_context()

    def render(self, script, upgrade):
        name = "upgrade" if upgrade else "downgrade"
        if not hasattr(script.module, name):
            setattr(script.module, name, missing_direction(name))
        runs = []

        def migration(**arguments):
            context = environment.get_context()
            before = self.database_before(script, upgrade, context, arguments)
            found = self.follow(script, script.module, name, context, arguments, before)
            if found.capture.unrendered is None:
                again = self.follow(script, loaded_anew(script), name, context, arguments, before)
                found.capture.varies = again.capture.unrendered is None and \
                    again.capture.sections != found.capture.sections
                self.capture = found.capture
                if before is not None:
                    again.after.remove()
            if upgrade:
                self.upgraded[engine_of(arguments), script.revision] = found
            elif before is not None:
                found.follows_upgrade(self.upgraded[engine_of(arguments), script.revision])
                found.after.remove()
            runs.append((arguments, found, context))

        def steps(*_):
            make = MigrationStep.upgrade_from_script if upgrade else MigrationStep.downgrade_from_script
            step = make(self.script.revision_map, script)
            step.migration_fn = migration
            return [step]

        start = as_tuple(script.down_revision)[:1] if upgrade else (script.revision,)
        self.capture = Capture(script.module.__file__)
        environment = EnvironmentContext(self.config, self.script, fn=steps, as_sql=True, tag=None,
                                         starting_rev=start[0] if start else None, destination_rev=script.revision)
        surroundings = Surroundings(environment, lambda: self.capture, self.request["dialect"])
        with environment:
            try:
                self.script.run_env()
            except Exception:
                if not runs or not self.capture.finished:  # what Alembic did after the revision is not asked for
                    raise
        self.url = surroundings.url
        self.rendered += 1
        answer("progress", done=self.rendered)
        _, found, self.context = self.chosen(runs)
        return found

    def follow(self, script, module, name, context, arguments, before):
        """Runs one direction, on a copy of the database that it finds."""
        function = getattr(module, name, None) or missing_direction(name)
        after = before and Scratch(script.revision, before)
        capture = self.capture = Capture(script.module.__file__, after)
        context.impl.memo.clear()  # which enums it has made
        capture.run(function, arguments)
        if after is not None:
            if capture.unrendered is not None or after.doubt != before.doubt:
                after.close()
                after.remove()
                after = Scratch(script.revision, before)
                after.run(getattr(loaded_anew(script), name, function), arguments, context.opts)
            after.close()
        return Rendered(script, function, capture, before, after)

    def database_before(self, script, upgrade, context, arguments):
        """With the revision's ancestors in it, and to go back, the revision itself."""
        if context.dialect.name != "sqlite":
            return None
        engine = engine_of(arguments)
        if not upgrade:
            return self.upgraded[engine, script.revision].after
        start, lacking = self.lineage.above(script)
        if start is None:
            before = Scratch(None)
            before.close()
            return before
        before = self.upgraded[engine, start].after
        for other in lacking:
            before = self.follow(other, loaded_anew(other), "upgrade", context, arguments, before).after
        return before

    def check_rebuilds(self, upgrades, downgrades):
        """Marks what makes a table anew where a database may have another one than the ancestors leave: the rebuild
        would lose what it does not know."""
        changing = {}
        for up in upgrades:
            for table in up.changed():
                changing.setdefault(table, []).append(up)
        for found in upgrades + downgrades:
            for table, line in found.capture.rebuilt.items():
                for other in changing.get(table, []) + [up for up in upgrades if up.may_change(table)]:
                    if not self.lineage.related(found, other):
                        found.capture.note("it rebuilds table %s as its ancestors leave it, and %s, which is none of "
                                           "them, changes that table too" % (table, other.name), line)
        for found in downgrades:
            for table, line in found.capture.rebuilt.items():
                for other in downgrades:
                    if table in other.left and other is not found and self.lineage.follows(other, found):
                        found.capture.note("it rebuilds table %s as the upgrade leaves it, and the downgrade of %s "
                                           "leaves other columns or indexes" % (table, other.name), line)

    def chosen(self, runs):
        if not runs:
            refuse("%s/env.py runs no migrations in offline mode" % self.script.dir)
        engine = self.request["engine"]
        if engine is not None:
            runs = [run for run in runs if engine in run[0].values()]
            if not runs:
                refuse("env.py knows no engine %s" % engine)
        if len(runs) > 1:
            names = [str(value) for run in runs for value in run[0].values()]
            refuse("env.py migrates several databases at once (%s): name one with --engine" % ", ".join(names))
        return runs[0]

    def depends(self, script):
        """Ids, but where the file says a label, that."""
        return list(as_tuple(script.dependencies))

    def run(self):
        revisions = parents_first(list(self.script.walk_revisions()))
        answer("project", alembic=alembic.__version__, sqlalchemy=sqlalchemy.__version__, count=len(revisions))
        self.lineage = Lineage(revisions)
        flush_with(lambda: self.capture)
        with self.application(), tempfile.TemporaryDirectory(prefix="mig-alembic-") as Scratch.folder:
            upgrades = [self.render(script, True) for script in revisions]
            downgrades = [self.render(script, False) for script in revisions]
            if self.context is not None and self.context.dialect.name == "sqlite":
                self.check_rebuilds(upgrades, downgrades)
        for script, upgrade, downgrade in zip(revisions, upgrades, downgrades):
            message, notes, created = docstring_of(script)
            answer("revision", id=script.revision, down=list(as_tuple(script.down_revision)),
                   depends=self.depends(script), labels=sorted(script._orig_branch_labels), message=message,
                   notes=notes, created=created, path=os.path.relpath(script.module.__file__),
                   upgrade=upgrade.capture.fields(upgrade.function),
                   downgrade=downgrade.capture.fields(downgrade.function))
        context, configured = self.context, self.config.get_main_option("sqlalchemy.url")
        answer("end", url=configured if configured and str(self.url) == configured else None, dialect=context.dialect.name if context else "",
               version_table=context.version_table if context else "alembic_version",
               version_table_schema=context.version_table_schema if context else None)


def main():
    request = json.loads(sys.argv[1])
    sys.argv = ["alembic"]
    try:
        Export(request).run()
    except CommandError as failure:
        refuse(str(failure))
    except Exception as failure:
        traceback.print_exc()
        refuse("%s: %s" % (type(failure).__name__, " ".join(str(failure).split())))


main()
