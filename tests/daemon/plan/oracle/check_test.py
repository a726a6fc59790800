#!/usr/bin/env python3
"""check.py must see every way in which an answer can be wrong: recorded answers are spoilt, one fact at a time.

    check_test.py recorded.jsonl...
"""
import collections
import copy
import json
import sys

import check


def spoilt_plan(case, answer):
    """A plan with one fact changed; nothing where the change would be right as well."""
    history, steps = check.History(case), answer["steps"]
    if case["command"] == "stamp":
        wrong = [name for name in history.below if name not in answer["final"]]
        if wrong:
            yield "a row too many", dict(answer, final=sorted(answer["final"] + wrong[:1]))
        if answer["final"]:
            yield "a row too few", dict(answer, final=answer["final"][1:])
        return
    yield "a step too many", dict(answer, steps=steps + [{"op": "upgrade", "revision": "nobody", "rows": []}])
    if not steps:
        return
    yield "a step too few", dict(answer, steps=steps[:-1])
    yield "the other direction", dict(answer, steps=[dict(steps[0], op={"upgrade": "downgrade", "downgrade": "upgrade"}[
        steps[0]["op"]])] + steps[1:])
    yield "a row too many after a step", dict(answer, steps=steps[:-1] + [dict(steps[-1], rows=sorted(
        steps[-1]["rows"] + ["nobody"]))])
    yield "wrong rows at the end", dict(answer, final=sorted((answer["final"] or []) + ["nobody"]))
    first, last = steps[0]["revision"], steps[-1]["revision"]
    if first in history.closure([last]) - {last} or last in history.closure([first]) - {first}:
        yield "the order", dict(answer, steps=steps[::-1])


def spoilt_list(case, answer):
    names = answer["list"]
    if case["command"] == "branches":
        for i, point in enumerate(names):
            yield "a child too few", {"list": names[:i] + [dict(point, children=point["children"][1:])] + names[i + 1:]}
        return
    yield "one too many", {"list": names + ["nobody"]}
    if names:
        yield "one too few", {"list": names[1:]}
    history = check.History(case)
    if case["command"] == "history" and any(a in history.closure([b]) - {b} for b in names for a in names):
        yield "upside down", {"list": names[::-1]}


def spoilt(case, answer):
    if "error" in answer:
        if not answer["error"]["internal"]:
            yield "no error", {"steps": [], "final": sorted(case["current"])}
            yield "another error", {"error": {"kind": "duplicate_heads" if answer["error"].get(
                "kind") != "duplicate_heads" else "overlap", "message": ""}}
        return
    # A stamp of several revisions may be refused as overlapping, and as nothing else.
    yield "an error", {"error": {"kind": "internal", "message": ""}}
    if "steps" in answer:
        yield from spoilt_plan(case, answer)
    elif "list" in answer:
        yield from spoilt_list(case, answer)
    else:
        yield "a parent too many", dict(answer, new=dict(answer["new"], parents=answer["new"]["parents"] + ["nobody"]))
        yield "a label too many", dict(answer, new=dict(answer["new"], labels=answer["new"]["labels"] + ["nobody"]))
        yield "a dependency too many", dict(answer, new=dict(answer["new"], depends_on=answer["new"]["depends_on"] + ["x"]))
        yield "other heads", dict(answer, heads_after=answer["heads_after"][1:])


def main():
    counts, missed = collections.Counter(), 0
    for path in sys.argv[1:]:
        with open(path) as lines:
            for case in map(json.loads, lines):
                if "varies" in case or case.get("rows_overlap"):
                    continue
                answer = case["expect"]
                if "steps" in answer and check.disagreement(case, answer):
                    continue  # Alembic's own rows are not maximal there
                for what, wrong in spoilt(case, copy.deepcopy(answer)):
                    counts[what] += 1
                    if check.disagreement(case, wrong) is None:
                        missed += 1
                        print("%s %s %s: not noticed: %s" % (case["id"], case["command"], case["target"], what))
    print("%d spoilt answers, %d not noticed: %s" % (sum(counts.values()), missed, dict(counts)))
    sys.exit(1 if missed or len(counts) < 10 else 0)


if __name__ == "__main__":
    main()
