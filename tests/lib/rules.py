# SPDX-License-Identifier: Apache-2.0
# The numbered rules (R1, R2, ...) that heads of files announce: each is named again where the code of that file or its header
# keeps it, and by a test that goes red without it, in a comment such as "keeps: door/adopt R1 R2, wire/fdpass R1".
# Rules without a test are listed with a reason in rules-without-test.txt; a line there that is not needed is wrong too.
# Usage: rules.py, from the repository's root
import pathlib
import re
import sys

RULE = re.compile(r"\bR[0-9]+\b")
SOURCES = ["src", "helper", "pam_module"]
UNTESTED = pathlib.Path("tests/lib/rules-without-test.txt")


def stem(path):
    return re.sub(r"^src/", "", str(path.with_suffix("")))


def read_rules():
    announced, kept = {}, {}
    for top in SOURCES:
        for path in sorted(pathlib.Path(top).rglob("*.[ch]")):
            head, _, body = path.read_text().partition("*/")
            announced.setdefault(stem(path), set()).update(RULE.findall(head))
            kept.setdefault(stem(path), set()).update(RULE.findall(body))
    return announced, kept


def read_tests():
    tested = set()
    for path in pathlib.Path("tests").rglob("*"):
        if path.suffix not in (".c", ".h", ".sh"):
            continue
        for said in re.findall(r"keeps: ([a-z0-9_/]+(?:[ ,]+(?:R[0-9]+|[a-z0-9_/]+/[a-z0-9_]+))+)", path.read_text()):
            name = None
            for word in re.split(r"[ ,]+", said):
                if RULE.fullmatch(word):
                    tested.add((name, word, str(path)))
                else:
                    name = word
    return tested


def main():
    announced, kept = read_rules()
    wrong = []
    tested = read_tests()
    known = {(name, rule) for name, rules in announced.items() for rule in rules}
    for name, rule in sorted(known):
        if rule not in kept[name]:
            wrong.append(f"{name}: {rule} is announced but never marked in the code")
    for name, rule, path in sorted(tested):
        if (name, rule) not in known:
            wrong.append(f"{path}: keeps {name} {rule}, which no head announces")
    covered = {(name, rule) for name, rule, _ in tested}
    excused = {tuple(line.split()[:2]) for line in UNTESTED.read_text().splitlines() if line and line[0] != "#"}
    for name, rule in sorted(known - covered - excused):
        wrong.append(f"{name}: no test says that it keeps {rule}")
    for name, rule in sorted(excused - (known - covered)):
        wrong.append(f"{UNTESTED}: {name} {rule} has a test, or is no rule")
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    return bool(wrong)


sys.exit(main())
