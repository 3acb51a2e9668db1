# SPDX-License-Identifier: Apache-2.0
# openmetrics.py [EXPRESSION]: the standard input is OpenMetrics text 1.0 to its last byte, or the reason why it is not, and
# exit status 1. EXPRESSION: of d, {NAME{LABELS}: VALUE} as the text has them, and of f, {FAMILY: TYPE}.
import re
import sys

SUFFIXES = {
    "gauge": [""],
    "counter": ["_total"],
    "info": ["_info"],
    "histogram": ["_bucket", "_count", "_sum"],
}
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(r"(%s)(?:\{(%s(?:,%s)*)\})? (-?[0-9]+(?:\.[0-9]+)?|\+Inf|NaN)" % (NAME, LABEL, LABEL))


class Bad(Exception):
    pass


def need(what, why):
    if not what:
        raise Bad(why)


def check_histogram(name, samples):
    groups = {}
    for (sample, labels), value in samples.items():
        key = tuple(x for x in labels if x[0] != "le")
        groups.setdefault(key, {"le": []})
        if sample.endswith("_bucket"):
            groups[key]["le"].append((float(dict(labels)["le"]), value))
        else:
            groups[key][sample] = value
    for key, g in groups.items():
        need(g["le"] and g["le"][-1][0] == float("inf"), "%s%s: no bucket +Inf" % (name, key))
        need(g["le"] == sorted(g["le"]), "%s%s: buckets are not in order" % (name, key))
        need([v for _, v in g["le"]] == sorted(v for _, v in g["le"]), "%s%s: buckets are not summed up" % (name, key))
        need(g[name + "_count"] == g["le"][-1][1], "%s%s: count is not the last bucket" % (name, key))
        need(g[name + "_sum"] >= 0, "%s%s: sum" % (name, key))


class Family:
    def __init__(self, name, kind):
        self.name, self.type, self.unit, self.help, self.samples = name, kind, None, None, {}

    def end(self):
        need(self.help, "%s: no HELP" % self.name)
        need(not self.unit or self.name.endswith("_" + self.unit), "%s: does not end with its unit" % self.name)
        if self.type == "histogram":
            check_histogram(self.name, self.samples)


def meta(families, now, line):
    m = re.fullmatch(r"# (TYPE|UNIT|HELP) (%s) (.+)" % NAME, line)
    need(m, "no metadata: " + line)
    word, name, rest = m.groups()
    if word == "TYPE":
        need(name not in families, name + ": comes twice")
        need(rest in SUFFIXES, name + ": type " + rest)
        if now:
            now.end()
        families[name] = Family(name, rest)
        return families[name]
    need(now and now.name == name, "%s: %s away from its TYPE" % (name, word))
    need(not now.samples, "%s: %s behind samples" % (name, word))
    need(getattr(now, word.lower()) is None, "%s: %s twice" % (name, word))
    setattr(now, word.lower(), rest)
    return now


def sample(now, line):
    m = SAMPLE.fullmatch(line)
    need(m, "no sample: " + line)
    name, labels, value = m.groups()
    need(now and name in [now.name + s for s in SUFFIXES[now.type]], "%s: not in its family" % name)
    pairs = tuple(x.split("=", 1) for x in re.findall(LABEL, labels or ""))
    pairs = tuple((k, v[1:-1]) for k, v in pairs)
    need(len({k for k, _ in pairs}) == len(pairs), line + ": a label twice")
    need((name, pairs) not in now.samples, line + ": twice")
    need(now.type == "gauge" or float(value) >= 0, line + ": less than 0")
    need((name.endswith("_bucket") and now.type == "histogram") == ("le" in dict(pairs)), line + ": le")
    now.samples[(name, pairs)] = float(value)
    return "%s%s" % (name, "{%s}" % labels if labels else ""), float(value)


def parse(text):
    families, now, d = {}, None, {}
    need(text.endswith("\n# EOF\n"), "no end")
    for line in text[: -len("# EOF\n")].splitlines(keepends=True):
        need(line.endswith("\n") and line != "\n", "a line without anything, or without an end: %r" % line)
        line = line[:-1]
        if line.startswith("#"):
            now = meta(families, now, line)
        else:
            key, value = sample(now, line)
            d[key] = int(value) if value.is_integer() else value
    now.end()
    names = [n + s for n, f in families.items() for s in SUFFIXES[f.type]]
    need(len(set(names)) == len(names), "names of two families clash")
    return d, {n: f.type for n, f in families.items()}


try:
    d, f = parse(sys.stdin.buffer.read().decode())
except Bad as why:
    print(why)
    sys.exit(1)
if len(sys.argv) > 1:
    print(eval(sys.argv[1]))
