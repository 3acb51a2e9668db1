#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make help knows every target: each .PHONY one has words behind a "##". Usage: check-help.sh MAKEFILE...
set -u
cd "$(dirname "$0")/../.." || exit 3
fail=0
said=" $(awk -f tests/lib/help.awk "$@" | sed -n 's/^  \([a-z-]*\) .*/\1/p' | xargs) "
for target in $(sed -n '/^\.PHONY:/{:a;/\\$/{N;ba};s/\\\n//g;s/^\.PHONY://;p}' "$@"); do
	[[ $said == *" $target "* ]] || { echo "make help does not know $target: it needs a ## behind its rule" >&2; fail=1; }
done
exit $fail
