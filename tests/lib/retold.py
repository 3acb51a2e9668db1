# SPDX-License-Identifier: Apache-2.0
"""See check-retold.sh. Run from the top of the tree."""
import glob, os, re, sys

STRING = r'"(?:[^"\\]|\\.)*"'
AREAS = {  # table: where its texts are made
    'src/user/said_texts.c': ['src/user/*.c', 'helper/keeper/*.c'],
    'src/shell/said_texts.c': ['src/shell/*.c', 'src/shell/alone/*.c'],
    'helper/errand/said_texts.c': ['helper/errand/*.c', 'helper/steward/errand_*.c', 'src/plan/errand_args.c'],
}
# Calls whose text goes to a user: file pattern, beginning of the call.
CALLS = [
    ('src/user/home.c', r'complain\([^"();]*'), ('src/user/limits.c', r'(?:\bput(?:_place)?\(|\n\t\{)'),
    ('src/user/*.c', r'crl_user_said\('),
    ('helper/errand/*.c', r'errand_(?:complain|said)\([^"();]*'),
    ('helper/keeper/tell.c', r'(?:snprintf\(ret_last, KEEPER_LAST_MAX,|\bsay\(ret_last,)\s*(?:[^"();]*\?\s*)?'),
]
system = {os.strerror(i) for i in range(1, 134)}
bad = []


def text_of(literals):
    return ''.join(re.sub(r'\\(.)', r'\1', s[1:-1]) for s in re.findall(STRING, literals))


def with_places(fmt):  # printf's conversions as places
    n = iter(range(1, 10))
    return re.sub(r'%[-0-9.*]*z?[sdu]', lambda m: '{%d}' % next(n), fmt)


def letters(text):
    return len(re.findall('[A-Za-z]', re.sub(r'\{\d\}', '', text)))


def source(name):
    code = re.sub(r'/\*.*?\*/', '', open(name).read(), flags=re.S)
    code = re.sub(r'^#include.*$', '', code, flags=re.M)
    return re.sub(r'\s*PRI[a-z]+\d*\s*', ' "u" ', code.replace('CRL_BREAK_GLASS', '"{1}"'))


def made(code):  # every text of a file
    return {with_places(text_of(m.group(0))) for m in re.finditer(r'%s(?:\s*%s)*' % (STRING, STRING), code)}


def makes(text, row):  # a text with whatever at its places
    parts = re.split(r'\{\d\}', text)
    return letters(text) > 7 and re.fullmatch('.+'.join(map(re.escape, parts)), row)


for table, where in AREAS.items():
    rows = [text_of(r) for r in re.findall(r'^\t\{\{((?:\s*%s)+),' % STRING, open(table).read(), flags=re.M)]
    files = sorted(f for w in where for f in glob.glob(w) if f not in AREAS)
    texts = set().union(*(made(source(f)) for f in files))
    if len(rows) < 5:
        bad.append(f'{table}: found {len(rows)} rows: not read')
    if len(set(rows)) < len(rows):
        bad.append(f'{table}: a row stands there twice')
    for row in rows:
        plain = row[5:] if row.startswith('{1}  ') else row  # of a line with a name before it
        if plain not in texts and not any(makes(t, plain) for t in texts) and row not in system:
            bad.append(f'{table}: "{row}": nothing in {", ".join(where)} says that')
    for name, call in CALLS:
        for f in sorted(set(glob.glob(name)) & set(files)):
            for m in re.finditer(r'%s(%s(?:\s*%s)*(?:\s*:\s*%s(?:\s*%s)*)?)' % (call, STRING, STRING, STRING, STRING), source(f)):
                for said in re.split(r'(?<=")\s*:\s*(?=")', m.group(1)):
                    text = with_places(text_of(said))
                    if letters(text) and text[0] != '/' and text not in rows and not any(makes(text, r) for r in rows):
                        bad.append(f'{f}: "{text}" has no row in {table}')
print('\n'.join(bad), file=sys.stderr, end='\n' if bad else '')
sys.exit(bool(bad))
