#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A program finds the home of mode "overlay" as it would find a real one. Two things differ, and docs/policies.md says so.
# Run by a user in such a home and in a real one: what is said has to be the same (tests/live/view.sh, kept.sh).
cd ~/like || exit
say() { echo "$1: $("${@:2}" 2>&1 | tr "\n" " ")"; }
say "rename a directory" sh -c "mv -T d1 d1b && cat d1b/f && ls -d d1"
say "by rename(2)" python3 -c 'import os; os.rename("d2", "d3/d2"); print(open("d3/d2/f").read(), os.path.exists("d2"))'
say "the name again" sh -c "mkdir d1 && ls d1"
say "remove what was renamed" sh -c "rm -r d1b && ls -d d1b"
say "rename a file over another" sh -c "mv f1 f2 && cat f2 && ls f1"
say "links" sh -c "echo more >>h1; stat -c %h h1 h2; cat h2; [ h1 -ef h2 ] && echo same"
say "a new link" sh -c "ln f3 f3b && echo more >>f3 && cat f3b && [ f3 -ef f3b ] && echo same"
say "inode number" sh -c "a=\$(stat -c %d.%i f4); echo x >>f4; [ \$a = \$(stat -c %d.%i f4) ] && echo stays"
say "lock over the first write" sh -c "exec 3<f5; flock -x 3; flock -n -x f5 true || echo held; exec 4>>f5; flock -n -x 4 || echo held"
say "lockf over the first write" python3 -c '
import fcntl, os
r = open("f6"); fcntl.lockf(r, fcntl.LOCK_SH)
if os.fork() == 0:
    try: fcntl.lockf(open("f6", "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB); os._exit(0)
    except OSError: os._exit(1)
print(os.wait()[1] >> 8)'
say "a reader sees what is written" sh -c "exec 3<f7; echo new >f7; cat <&3"
say "attributes" python3 -c 'import os
print(os.getxattr("f8", "user.a")); open("f8", "a").write("x"); print(os.getxattr("f8", "user.a"), os.listxattr("f8"))'
say "O_TMPFILE" python3 -c 'import os; print(os.write(os.open("d4", os.O_TMPFILE | os.O_RDWR), b"x"))'
say "a mapping is written" python3 -c 'import mmap
f = open("f9", "r+"); m = mmap.mmap(f.fileno(), 0); m[0:1] = b"Z"; m.flush(); print(open("f9").read())'
say "kinds in a listing" python3 -c 'import os
print(sorted((e.name, e.is_dir(follow_symlinks=False), e.is_symlink()) for e in os.scandir("d5")))'
say "FIFO, socket" sh -c 'mkfifo ff; cat ff & echo through >ff; wait
python3 -c "import socket; s = socket.socket(socket.AF_UNIX); s.bind(\"so\"); s.listen()
socket.socket(socket.AF_UNIX).connect(\"so\"); print(1)"'
say "remove and make anew" sh -c "rm f10 && echo n >f10 && cat f10; rm -r d6 && mkdir d6 && ls d6"
say "times, modes, sparse" sh -c "chmod 600 f11; touch -d @5 f11; truncate -s 1M f11; touch -d @5 f11; stat -c %a.%Y.%s f11"
say "git" sh -c "cd git && git mv a b && git status --porcelain"
say "one file system" sh -c "tar --one-file-system -cf - d7 | tar -tf -; find d7 -xdev -type f; du -x d7 >/dev/null && echo ok"
say "run what was written" sh -c "echo >>prog; ./prog && echo ran"
