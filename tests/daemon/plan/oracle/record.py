#!/usr/bin/python3
"""Records what real Alembic answers on random histories.

    record.py --seed N --cases N [--most REVISIONS] [--odd] > recorded.jsonl

Every case writes revision files into a temporary folder, puts the rows into a version table in SQLite and calls
alembic.command: nothing of Alembic is rebuilt here. Needs Debian's python3-alembic. Each case is asked twice, with the
files and the rows in another order; where the two answers differ Alembic picks by chance, and the case says "varies".
With --odd the histories are such as people have by accident: parents and dependencies that say a thing twice, labels
that look like ids, numbers or prefixes, rows that stand below other rows, and histories that do not hold together.
"""
import argparse
import contextlib
import io
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import warnings

import sqlalchemy
from alembic import command
from alembic.config import Config

ENV = """
from alembic import context
a = context.config.attributes
common = dict(on_version_apply=a["applied"], version_table="alembic_version")
if context.is_offline_mode():
    context.configure(dialect_name="sqlite", **common)
else:
    context.configure(connection=a["connection"], **common)
with context.begin_transaction():
    context.run_migrations()
"""
TEMPLATE = """revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
def upgrade(): pass
def downgrade(): pass
"""
ODD_LABELS = ["12", "1234", "abcd", "dead", "add", "add_user", "v2", "_", "0", "HEAD", "Users", "users"]
LABELS = ["users", "billing", "my-label", "Team.A", "core", "auth", "release1"]

# Text in the chain of causes -> the kind of error.
KINDS = [
    ("No such branch", "no_such_branch"), ("Multiple revisions start", "ambiguous_prefix"),
    ("is not a member of branch", "not_in_branch"), ("No such revision or branch", "no_such_revision"),
    ("Multiple heads are present", "multiple_heads"), ("is not an ancestor of", "not_ancestor"),
    ("overlaps with", "overlap"), ("Relative revision", "relative_too_far"), ("Walked too far", "relative_too_far"),
    ("Ambiguous walk", "ambiguous_walk"), ("Ambiguous upgrade", "ambiguous_current"),
    ("Range revision not allowed", "range_not_allowed"), ("downgrade with --sql requires", "range_required"),
    ("History range requires", "history_range_syntax"), ("is not a head revision", "not_a_head"),
    ("Duplicate head revisions", "duplicate_heads"), ("not allowed in revision identifier", "illegal_character"),
    ("already used by revision", "duplicate_label"), ("Not a valid downgrade target", "invalid_downgrade_target"),
    ("Dependency self-loop", "dependency_self_loop"), ("Dependency cycle", "dependency_cycle"),
    ("Self-loop", "self_loop"), ("Cycle is detected", "cycle"),
]


def random_graph(rng, most):
    count = rng.randint(1, most)
    style = rng.choice(["hex", "hex", "words", "short", "binary"])
    names = []
    while len(names) < count:
        name = {
            "hex": lambda: "%012x" % rng.getrandbits(48),
            "words": lambda: "%s_%s_%d" % (rng.choice(["add", "drop", "fix"]), rng.choice(["user", "item"]), len(names)),
            "short": lambda: "%s%d" % (rng.choice("abcdefgh"), rng.randint(0, 99)),
            "binary": lambda: rng.choice(["abcd", "abce", "dead"]) + format(rng.getrandbits(8), "08b"),
        }[style]()
        if name not in names:
            names.append(name)
    merges, branches, deps, bases = (rng.choice([0, 0.1, 0.3]) for _ in range(4))
    labels = rng.sample(LABELS, len(LABELS))
    revisions = []
    for i, name in enumerate(names):
        revision = {"name": name, "parents": [], "depends_on": [], "labels": []}
        if i and rng.random() >= bases:
            revision["parents"] = [rng.choice(names[:i]) if rng.random() < branches else names[i - 1]]
            if i > 1 and rng.random() < merges:
                other = rng.choice(names[:i])
                if other not in revision["parents"]:
                    revision["parents"].append(other)
        if i and rng.random() < deps:
            revision["depends_on"] = rng.sample(names[:i], rng.choice([1, 1, 2]) if i > 1 else 1)
        if labels and rng.random() < 0.2:
            revision["labels"] = [labels.pop()]
        revisions.append(revision)
    return revisions


def odd_graph(rng, most):
    """A random history with accidents in it."""
    revisions = random_graph(rng, most)
    names = [v["name"] for v in revisions]
    for i, v in enumerate(revisions):
        below = closure(revisions[:i], v["parents"])
        if v["parents"] and below and rng.random() < 0.25:  # a grandparent besides the parent
            v["parents"] = list(dict.fromkeys(v["parents"] + [rng.choice(sorted(below))]))
        if below and rng.random() < 0.15:  # a dependency on what is below anyhow
            v["depends_on"] = list(dict.fromkeys(v["depends_on"] + [rng.choice(sorted(below))]))
    labels = rng.sample(ODD_LABELS, len(ODD_LABELS)) + [name[:4] for name in names[:2] if len(name) > 4]
    for v in revisions:
        if rng.random() < 0.3:
            v["labels"] = [labels.pop(rng.randrange(len(labels))) for _ in range(min(len(labels), rng.choice([1, 1, 2])))]
    known = [label for v in revisions for label in v["labels"]]
    if known and rng.random() < 0.2:  # a dependency by label
        last = revisions[-1]
        label = rng.choice(known)
        if label not in last["labels"]:
            last["depends_on"] = [label]
    if rng.random() < 0.12:
        break_graph(rng, revisions, names)
    return revisions


def break_graph(rng, revisions, names):
    v, other = rng.choice(revisions), rng.choice(names)
    how = rng.randrange(6)
    if how == 0:
        v["parents"] = ["nowhere00000"]
    elif how == 1:
        v["depends_on"] = ["nowhere00000"]
    elif how == 2:
        v["parents"] = [v["name"]]
    elif how == 3:
        v["depends_on"] = [v["name"]]
    elif how == 4:
        v["parents"] = [other]  # a circle, with luck
    else:
        v["labels"] = v["labels"] + [other]


def odd_rows(rng, revisions):
    names = [v["name"] for v in revisions]
    rows = random_rows(rng, revisions) if rng.random() < 0.8 else rng.sample(names, min(len(names), rng.choice([1, 2, 3])))
    return list(dict.fromkeys(rows))


def closure(revisions, starts):
    edges = {v["name"]: v["parents"] + v["depends_on"] for v in revisions}
    seen, todo = set(), list(starts)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += edges.get(name, ())
    return seen


def random_rows(rng, revisions):
    names = [v["name"] for v in revisions]
    applied = closure(revisions, rng.sample(names, min(len(names), rng.choice([0, 1, 1, 1, 1, 2, 2, 3]))))
    below = {b for v in revisions if v["name"] in applied for b in v["parents"] + v["depends_on"]}
    rows = [name for name in names if name in applied and name not in below]
    if rng.random() < 0.02:
        rows.append("ffffeeee0000")
    return rows


def random_word(rng, revisions):
    names = [v["name"] for v in revisions]
    labels = [l for v in revisions for l in v["labels"]]
    word = rng.choice(names + labels * 2)
    odd = rng.random()
    if odd < 0.12:
        return word[:rng.randint(1, len(word))]
    return rng.choice(["nosuch", "zz"]) if odd < 0.14 else word


def random_absolute(rng, revisions):
    word = rng.choice(["head", "heads", "base", None, None, None]) or random_word(rng, revisions)
    return random_word(rng, revisions) + "@" + word if rng.random() < 0.3 else word


def random_target(rng, revisions):
    if rng.random() < 0.5:
        return random_absolute(rng, revisions)
    steps = rng.choice("+-") + str(rng.choice([0, 1, 1, 1, 2, 2, 3, 5, 12]))
    start = rng.choice(["", "", "REV", "REV", "head", "base"]).replace("REV", random_word(rng, revisions))
    return (random_word(rng, revisions) + "@" if rng.random() < 0.35 else "") + start + steps


def random_case(rng, most, odd):
    revisions = odd_graph(rng, most) if odd else random_graph(rng, most)
    kind = rng.choice(["upgrade"] * 8 + ["downgrade"] * 7 + ["stamp"] * 4 + ["history"] * 3 + ["merge", "revision", "show",
                      "heads", "branches", "current", "upgrade_sql", "downgrade_sql"])
    target, options = None, {}
    if kind in ("upgrade", "downgrade"):
        target = random_target(rng, revisions)
    elif kind == "stamp":
        target = [random_absolute(rng, revisions) if rng.random() < 0.9 else random_target(rng, revisions)
                  for _ in range(rng.choice([1, 1, 1, 1, 2, 3]))]
        options = {"purge": True} if rng.random() < 0.15 else {}
    elif kind in ("history", "upgrade_sql", "downgrade_sql"):
        side = lambda: rng.choice(["", "current"] if kind == "history" else [random_word(rng, revisions)]) \
            if rng.random() < 0.3 else random_target(rng, revisions) if rng.random() < 0.3 else random_absolute(rng, revisions)
        target = side() + (":" + side() if rng.random() < 0.97 else "")
        if kind == "history" and rng.random() < 0.1:
            target = None
    elif kind == "show":
        target = rng.choice(["current", random_target(rng, revisions), random_absolute(rng, revisions)])
    elif kind == "heads":
        options = {"resolve_dependencies": rng.random() < 0.5}
    elif kind in ("merge", "revision"):
        options = {"rev_id": "c0ffee000001" if rng.random() < 0.95 else "a@b"}
        if kind == "merge":
            target = [random_absolute(rng, revisions) for _ in range(rng.choice([1, 2, 2, 3]))]
            if rng.random() < 0.5:
                target = ["heads"]
        elif rng.random() < 0.8:
            options["head"] = random_absolute(rng, revisions)
        if rng.random() < 0.3:
            options["branch_label"] = rng.choice(LABELS + ["hotfix"])
        if kind == "revision" and rng.random() < 0.5:
            options["splice"] = True
        if kind == "revision" and rng.random() < 0.3:
            options["depends_on"] = [random_absolute(rng, revisions)]
    rows = odd_rows(rng, revisions) if odd else random_rows(rng, revisions)
    return {"revisions": revisions, "current": rows, "command": kind, "target": target,
            "options": options}


def error_of(exception):
    texts, at = [], exception
    while at is not None:
        texts.append(str(at))
        at = at.__cause__
    refused = any(base.__name__ in ("CommandError", "RevisionError") for base in type(exception).__mro__)
    if not refused:
        return {"error": {"internal": True}}
    chain = " / ".join(reversed(texts))
    # The innermost cause comes first; "No such branch" is itself caused by a failed look-up.
    kind = next((kind for text, kind in KINDS if text in chain), "other")
    return {"error": {"kind": kind, "internal": False}}


class Alembic:
    """One history in a temporary folder, one version table in memory."""

    def __init__(self, revisions, rows):
        self.folder = tempfile.mkdtemp(dir="/dev/shm")
        os.mkdir(self.folder + "/versions")
        self.write("env.py", ENV)
        self.write("script.py.mako", TEMPLATE)
        for i, v in enumerate(revisions):
            scalar = lambda many: None if not many else many[0] if len(many) == 1 else tuple(many)
            self.write("versions/%03d_x.py" % i, "revision = %r\ndown_revision = %r\nbranch_labels = %r\ndepends_on = %r\n"
                       "def upgrade(): pass\ndef downgrade(): pass\n" % (
                           v["name"], scalar(v["parents"]), tuple(v["labels"]) or None, scalar(v["depends_on"])))
        self.connection = sqlalchemy.create_engine("sqlite://").connect()
        self.connection.execute(sqlalchemy.text("create table alembic_version (version_num text)"))
        for row in rows:
            self.connection.execute(sqlalchemy.text("insert into alembic_version values ('%s')" % row))
        self.steps = []
        self.printed = []
        self.config = Config(stdout=self, output_buffer=io.StringIO())
        self.config.set_main_option("script_location", self.folder)
        self.config.attributes.update(connection=self.connection, applied=self.applied)
        self.offline = False

    def write(self, name, text=None):
        if text is None:
            self.printed.append(name)
            return
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def flush(self):
        pass

    def close(self):
        self.connection.close()
        shutil.rmtree(self.folder)

    def rows(self):
        return sorted(row[0] for row in self.connection.execute(sqlalchemy.text("select * from alembic_version")))

    def applied(self, ctx, step, heads, run_args):
        op = "stamp" if step.is_stamp else "upgrade" if step.is_upgrade else "downgrade"
        self.steps.append({"op": op, "revision": step.up_revision_id,
                           "rows": sorted(heads) if self.offline else self.rows()})

    def ask(self, case):
        kind, target, options = case["command"], case["target"], dict(case["options"])
        self.offline = kind.endswith("_sql")
        if kind in ("upgrade", "downgrade", "upgrade_sql", "downgrade_sql"):
            getattr(command, kind.split("_")[0])(self.config, target, sql=self.offline)
            final = self.steps[-1]["rows"] if self.offline and self.steps else None if self.offline else self.rows()
            return {"steps": self.steps, "final": final}
        if kind == "stamp":
            command.stamp(self.config, target, **options)
            return {"steps": [], "final": self.rows()}
        if kind == "merge":
            return self.made(command.merge(self.config, target, **options))
        if kind == "revision":
            return self.made(command.revision(self.config, message="x", **options))
        arguments = [] if kind in ("heads", "branches", "current") else [target]
        getattr(command, kind)(self.config, *arguments, **options)
        return {"list": self.listed(kind)}

    def made(self, script):
        as_list = lambda x: [] if x is None else [x] if isinstance(x, str) else list(x)
        from alembic.script import ScriptDirectory
        return {"new": {"name": script.revision, "parents": as_list(script.down_revision),
                        "depends_on": as_list(script.dependencies), "labels": sorted(script._orig_branch_labels)},
                "heads_after": ScriptDirectory.from_config(self.config).get_heads()}

    def listed(self, kind):
        lines = [line for line in "".join(self.printed).split("\n") if line.strip()]
        if kind == "show":
            return [line.split()[1] for line in lines if line.startswith("Rev:")]
        if kind == "history":
            return [line.split(" -> ")[1].split(",")[0].split(" ")[0] for line in lines]
        if kind != "branches":
            return [line.split()[0] for line in lines]
        points = []
        for line in lines:
            if "->" in line and line.startswith(" "):
                points[-1]["children"].append(line.split("->")[1].split()[0].rstrip(","))
            else:
                points.append({"revision": line.split()[0], "children": []})
        return points


def answer(case):
    alembic = Alembic(case["revisions"], case["current"])
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return alembic.ask(case)
    except Exception as exception:  # whatever it is, it is the answer
        return error_of(exception)
    finally:
        alembic.close()


def gist(outcome):
    """What must not depend on any order."""
    if "steps" in outcome:
        return json.dumps([sorted((s["op"], s["revision"]) for s in outcome["steps"]), outcome["final"]])
    if "list" in outcome:
        return json.dumps(sorted(json.dumps(x if isinstance(x, str) else [x["revision"], sorted(x["children"])])
                                 for x in outcome["list"]))
    return json.dumps({key: sorted(map(str, value)) if key != "error" else value for key, value in outcome.items()
                       if key != "new"})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--most", type=int, default=14)
    parser.add_argument("--odd", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    rng = random.Random(arguments.seed)
    for number in range(arguments.cases):
        case = random_case(rng, arguments.most, arguments.odd)
        case = {"id": "%s%d_%04d" % ("o" if arguments.odd else "r", arguments.seed, number), **case, "expect": answer(case)}
        turned = dict(case, revisions=case["revisions"][::-1], current=case["current"][::-1])
        other = answer(turned)
        if gist(other) != gist(case["expect"]):
            case["varies"] = [other]
        print(json.dumps(case, separators=(",", ":"), sort_keys=True))


if __name__ == "__main__":
    main()
