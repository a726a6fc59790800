#!/usr/bin/env python3
"""Asks oracle_runner what Alembic was asked and compares the answers.

    check.py RUNNER recorded.jsonl...

Compared are facts, never wording or an order that Alembic leaves to chance:

- a plan has the same steps in any order that respects parents and dependencies, and after each step the rows are the
  maximal elements of what is applied (Alembic itself misses that at times: then its own rows are not asked for);
- an error is answered by an error, of the same kind where both name one; where Alembic crashes, any error or any sound
  plan will do; where its answer varies, refusing will do, or any of its answers;
- rows that overlap at the start (`rows_overlap`) may be refused, and else only the set of steps counts;
- `stamp` ends with the same rows, reduced to maximal elements; several targets may be refused as overlapping.

With MIG_ORACLE_DIR set, a folder that holds cases.jsonl and its own compare.py, those are asked too.
"""
import json
import os
import subprocess
import sys


class History:
    def __init__(self, case):
        labels = {l: v["name"] for v in case["revisions"] for l in v["labels"]}
        self.below = {v["name"]: set(v["parents"]) | {labels.get(d, d) for d in v["depends_on"]}
                      for v in case["revisions"]}

    def closure(self, starts):
        seen, todo = set(), list(starts)
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += self.below.get(name, ())
        return seen

    def maximal(self, applied):
        return sorted(applied - {b for name in applied for b in self.below.get(name, ())})


def unsound(history, rows, answer):
    """Why a plan from these rows breaks the rules of planning; None if it does not."""
    applied = history.closure(rows)
    for step in answer["steps"]:
        name = step["revision"]
        if step["op"] == "upgrade":
            if name in applied or not history.below[name] <= applied:
                return "upgrade of %s out of turn" % name
            applied.add(name)
        else:
            if name not in applied or any(name in history.below[other] for other in applied):
                return "downgrade of %s out of turn" % name
            applied.remove(name)
        if step["rows"] != history.maximal(applied):
            return "rows after %s are %s" % (name, step["rows"])
    return None if answer["final"] == history.maximal(applied) else "the final rows are %s" % answer["final"]


def start_rows(case, history, expected):
    """Rows a plan starts from; an offline one starts where its first step and its end show."""
    if not case["command"].endswith("_sql"):
        return case["current"]
    moved = {step["revision"] for step in expected["steps"]}
    if case["command"] == "upgrade_sql":
        return history.maximal(history.closure(expected["final"] or []) - moved)
    return history.maximal(history.closure(expected["final"] or []) | history.closure(moved))


def differs_in_plan(case, expected, answer):
    history = History(case)
    if case["command"] == "stamp":
        wanted = history.maximal(history.closure(expected["final"]))
        return None if answer["final"] == wanted else "rows %s instead of %s" % (answer["final"], wanted)
    steps = lambda plan: sorted((step["op"], step["revision"]) for step in plan["steps"])
    if steps(expected) != steps(answer):
        return "steps %s instead of %s" % (steps(answer), steps(expected))
    if case.get("rows_overlap") or not answer["steps"]:
        return None
    return unsound(history, start_rows(case, history, expected), answer)


def differs_in_error(case, expected, answer):
    if "error" in answer:
        kinds = expected["error"].get("kind"), answer["error"].get("kind")
        if expected["error"]["internal"] or kinds[1] is None or kinds[0] == kinds[1]:
            return None
        return "error %s instead of %s" % (kinds[1], kinds[0])
    if not expected["error"]["internal"]:
        return "no error, but Alembic has %s" % expected["error"]["kind"]
    if case["command"] in ("upgrade", "downgrade"):
        return unsound(History(case), case["current"], answer)
    return None


def differs(case, expected, answer):
    if "error" in expected:
        return differs_in_error(case, expected, answer)
    if "error" in answer:
        overlap = answer["error"].get("kind") == "overlap"
        if overlap and case["command"] == "stamp" and len(case["target"]) > 1:
            return None
        return "an error: " + answer["error"]["message"]
    if "steps" in expected:
        return differs_in_plan(case, expected, answer)
    if "new" in expected:
        facts = lambda x: [sorted(x["new"][k]) for k in ("parents", "depends_on", "labels")] + [sorted(x["heads_after"])]
        return None if facts(expected) == facts(answer) else "%s instead of %s" % (facts(answer), facts(expected))
    key = lambda x: x if isinstance(x, str) else (x["revision"], sorted(x["children"]))
    lists = [sorted(map(key, x["list"])) for x in (answer, expected)]
    if lists[0] != lists[1]:
        return "%s instead of %s" % tuple(lists)
    if case["command"] == "history":
        history, shown = History(case), set()
        for name in answer["list"]:
            if shown & (history.closure([name]) - {name}):
                return "%s is shown below one of its ancestors" % name
            shown.add(name)
    return None


def disagreement(case, answer):
    if "error" in answer and case.get("rows_overlap"):
        return None
    if "varies" in case:
        if "error" in answer:
            return None
        reasons = [differs(case, expected, answer) for expected in [case["expect"]] + case["varies"]]
        return None if None in reasons else reasons[0]
    return differs(case, case["expect"], answer)


def ask(runner, path):
    with open(path) as cases:
        output = subprocess.run([runner], stdin=cases, stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def disagreements(runner, path):
    answers = {answer["id"]: answer["result"] for answer in ask(runner, path)}
    with open(path) as lines:
        cases = [json.loads(line) for line in lines]
    found = 0
    for case in cases:
        why = disagreement(case, answers[case["id"]]) if case["id"] in answers else "no answer"
        if why:
            found += 1
            print("%s %s %s rows %s: %s" % (case["id"], case["command"], case["target"], case["current"], why))
    print("%s: %d of %d agree" % (os.path.basename(path), len(cases) - found, len(cases)))
    return found + (not cases)


def outside(runner, folder):
    """Cases recorded elsewhere, by the rule that came with them."""
    cases, answers = os.path.join(folder, "cases.jsonl"), "oracle_answers.jsonl"
    with open(answers, "w") as file:
        file.writelines(json.dumps(answer) + "\n" for answer in ask(runner, cases))
    return subprocess.run([sys.executable, os.path.join(folder, "compare.py"), cases, answers]).returncode


def main():
    runner, paths = sys.argv[1], sys.argv[2:]
    found = sum(disagreements(runner, path) for path in paths)
    folder = os.environ.get("MIG_ORACLE_DIR")
    if folder and os.path.isdir(folder):
        found += outside(runner, folder)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
