#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every external name of the products is there for somebody: another file of a product calls it, or its own file does and
# a test as well. What only tests call is no part of a product, and what only its own file calls is static.
# $1  the build directory; run from the top of the tree
set -u -o pipefail
build=${1:?build directory}

# Called from outside: by the system, libpam, libc, or found by name in the file.
called="main _start pam_sm_open_session pam_sm_close_session carrel_module_version syslog __syslog_chk"

objects() {
	find src helper pam_module -name '*.c' | sed "s,^,$build/obj/,; s,c\$,o,"
}

wanted=$(objects | xargs nm -A -u | awk '{ print $NF }' | sort -u)
fail=0
while read -r object name; do
	grep -qwF -- "$name" <<<"$called" && continue
	file=${object#"$build"/obj/}
	file=${file%.o}.c
	if (($(grep -cw -- "$name" "$file") < 2)); then
		echo "$file: $name() is called by no product" >&2
	elif ! grep -rqw --include='*.[ch]' -- "$name" tests; then
		echo "$file: $name() is called by nothing but its own file: static" >&2
	else
		continue
	fi
	fail=1
done < <(objects | xargs nm -A -g --defined-only | awk -v wanted="$wanted" '
	BEGIN { n = split(wanted, w, "\n"); for (i = 1; i <= n; i++) known[w[i]] = 1 }
	!known[$NF] { sub(/:.*/, "", $1); print $1, $NF }')
exit $fail
