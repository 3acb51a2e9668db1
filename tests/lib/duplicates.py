# SPDX-License-Identifier: Apache-2.0
# Pieces of C that stand in two places: at least WINDOW lines that are the same when comments, blanks, includes and lone
# braces are left out. A line "FILE:LINE ~ FILE:LINE, N lines" each. Usage: duplicates.py DIRECTORY...
import pathlib
import re
import sys

WINDOW = 6


def normal_lines(path):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), path.read_text(), flags=re.S)
    for number, line in enumerate(text.split("\n"), 1):
        line = re.sub(r"//.*", "", line)
        line = re.sub(r"\s+", " ", line).strip()
        if line and line not in ("{", "}", "};") and not line.startswith("#include"):
            yield number, line


def main():
    files = {str(p): list(normal_lines(p)) for top in sys.argv[1:] for p in sorted(pathlib.Path(top).rglob("*.[ch]"))}
    seen, found = {}, []
    for name, lines in files.items():
        for i in range(len(lines) - WINDOW + 1):
            seen.setdefault(tuple(text for _, text in lines[i : i + WINDOW]), []).append((name, i))
    covered = set()
    for places in seen.values():
        for (a, i), (b, k) in zip(places, places[1:]):
            if (a, i - 1, b, k - 1) in covered or (a == b and k - i < WINDOW):
                covered.add((a, i, b, k))
                continue
            n = WINDOW
            while i + n < len(files[a]) and k + n < len(files[b]) and files[a][i + n][1] == files[b][k + n][1]:
                n += 1
            covered.add((a, i, b, k))
            found.append(f"{a}:{files[a][i][0]} ~ {b}:{files[b][k][0]}, {n} lines")
    print("\n".join(found), end="\n" if found else "")


main()
