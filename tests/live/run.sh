#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the live tests and adds up. Usage: run.sh [NAME...], e.g. run.sh doors share
set -u
here=$(dirname "$0")
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(inside doors share linger whose other environment apps who refuse crash sweep silent hostsafe policies matrix names template ctl operator trust manual top pager enter rehearse try why show view fault control take)
. "$here/../lib/sum.sh"
trap 'exit 130' INT
report=$(mktemp) || exit 3
trap 'rm -f "$report"' EXIT

for name in "${names[@]}"; do
	start=$SECONDS
	echo "== $name"
	# A bound, so that one that hangs is named, and not the whole run lost.
	timeout -k 30 "$((900 * ${CARREL_PATIENCE:-2}))" "$here/$name.sh" 2>&1 | tee "$report"
	add_up "$name" "$report"
	echo "== $name took $((SECONDS - start)) s"
done
sum_up
