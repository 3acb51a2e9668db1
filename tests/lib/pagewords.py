# SPDX-License-Identifier: Apache-2.0
"""What the pages call by name is there: for check-docs.sh, run from the top of the tree. Prints "PAGE:LINE: WHAT".

Commands, actions and options of carrelctl (as the completion file has them, which check-completions holds to the program),
commands of carrel, keys of carrel.conf, targets of make. In pages: blocks of commands, and `code` in text; in man pages and the
package's README: lines that are typed."""
import glob
import re


def read(name):
    with open(name, encoding='utf-8') as f:
        return f.read()


def table(name):  # of the completion file: command: words
    body = read('conf/completion/carrelctl.bash').split(f'declare -gA _carrelctl_{name}=(')[1].split('\n)')[0]
    return {k: v.split() for k, v in re.findall(r"\[([a-z-]+)\]='?([^'\n]*)", body)}


options, actions = table('options'), table('actions')
options |= {'completion': [], 'may-have-manager': [], 'help': []}  # which no completion offers
carrel = set(re.findall(r'^\.Cm ([a-z]+)', read('docs/man/carrel.1').split('.Sh DESCRIPTION')[0], flags=re.M))
keys = set(re.findall(r'^\.It Cm ([a-z_0-9.]+)', read('docs/man/carrel.conf.5'), flags=re.M))
keys |= {k[:i] for k in keys for i in range(len(k)) if k[i] == '.'} | {'shell.seccomp'}
sections = {k.split('.')[0] for k in keys if '.' in k} - {'groups'}
foreign = re.compile(r'user\.(max_|slice)|cgroup\.(kill|procs|events|controllers|freeze|subtree)|shell\.c|\.(c|h|sh|md|conf|service|img)$')
targets = set(re.findall(r'^([a-z][a-z0-9-]*)(?: [a-z0-9- ]*)?:', '\n'.join(
    read(f) for f in ['Makefile', *glob.glob('tests/*/*.mk')]), flags=re.M))


def typed(name):  # (line, text) of what somebody may type; kind "keys" besides for code in text
    fence = ''
    for n, line in enumerate(read(name).split('\n'), 1):
        if not name.endswith('.md'):
            mark = re.match(r'(?:    |[#$] )(.*)', line)
            if mark:
                yield n, mark.group(1), False
        elif line.startswith('```'):
            fence = '' if fence else line[3:]
        elif not fence:
            yield from ((n, code, True) for code in line.split('`')[1::2])
        elif fence.startswith('sh'):
            yield n, line, False


def faults(text):
    text = re.sub(r'(^|\s)#.*', '', text)
    for name, rest in re.findall(r"(?<![\w/-])carrelctl ([a-z][a-z-]*)([^;|&`']*)", text):
        if name not in options:
            yield f'carrelctl {name}'
            continue
        words = re.split(r'\s--(?:\s|$)', rest)[0].split()
        yield from (f'carrelctl {name} {w}' for w in words if re.match('--[a-z]', w) and w.split('=')[0] not in options[name])
        at, *known = actions.get(name, ['0'])
        plain = [w for w in words if not w.startswith('-')]
        if known and len(plain) > int(at) and re.fullmatch('[a-z]+', plain[int(at)]) and plain[int(at)] not in known:
            yield f'carrelctl {name} … {plain[int(at)]}'
    yield from (f'carrel {word}' for word in re.findall(r'^(?:\$ )?carrel ([a-z]+)', text.strip()) if word not in carrel)
    yield from (f'make {word}' for word in re.findall(r'(?<![\w-])make ([a-z][a-z0-9-]*)(?![\w/])', text) if word not in targets)


def key_faults(code):
    for key in re.findall(r'(?<![\w./~-])([a-z_]+\.[a-z_0-9.]*[a-z_0-9])(?![\w/(@-])', code):
        if key.split('.')[0] in sections and key not in keys and not key.endswith('.example') and not foreign.search(key):
            yield key


def main():
    assert len(options) > 25 and len(actions) == 4 and len(carrel) > 3 and len(keys) > 150 and len(targets) > 30
    for name in ['README.md', *sorted(glob.glob('docs/*.md') + glob.glob('docs/man/*')), *glob.glob('conf/debian/*.README.Debian')]:
        for n, text, inline in typed(name):
            for fault in [*faults(text), *(key_faults(text) if inline else ())]:
                print(f'{name}:{n}: {fault}')


main()
