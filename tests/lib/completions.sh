#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# completions.sh BUILD [write]: are the completion files what carrelctl's tables say? With "write" they become so.
set -u
build=${1:?build directory}
fail=0
for shell in bash zsh; do
	file=conf/completion/carrelctl.bash
	[ "$shell" = bash ] || file=conf/completion/_carrelctl
	want=$(sed "/^# carrelctl completion $shell: begin/q" "$file"; "$build/carrelctl" completion "$shell" &&
		sed -n "/^# carrelctl completion $shell: end/,\$p" "$file")
	if [ "${2-}" = write ]; then
		printf '%s\n' "$want" >"$file"
	elif ! diff -u "$file" <(printf '%s\n' "$want") >&2; then
		echo "$file is not what carrelctl completion $shell says: make completions" >&2
		fail=1
	fi
done
exit $fail
