#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The module exports its two PAM entry points, its version and nothing else; all products carry the usual hardening.
set -u
build=${1:?build directory}
fail=0
want="carrel_module_version pam_sm_close_session pam_sm_open_session"
have=$(nm -D --defined-only "$build/pam_carrel.so" | awk '$2 ~ /[TDBRVW]/ { print $3 }' | grep -v '^CARREL' | sort | xargs)
if [[ $have != "$want" ]]; then
	echo "pam_carrel.so exports: $have" >&2
	fail=1
fi
for product in "$build"/{pam_carrel.so,carrel,carrelctl,carrel-shell} "$build"/carrel-{helper,steward,keeper,errand,caps,bus,net}; do
	[ -e "$product" ] || [[ $product == */carrel-bus || $product == */carrel-net ]] || { echo "no $product" >&2; fail=1; }
	[ -e "$product" ] || continue # built where there are the libraries
	readelf -hW "$product" | grep -q 'Type:.*DYN' || { echo "$product is not position independent" >&2; fail=1; }
	readelf -lW "$product" | grep -q GNU_RELRO || { echo "$product has no RELRO" >&2; fail=1; }
	readelf -dW "$product" | grep -q 'BIND_NOW\|FLAGS.*NOW' || { echo "$product does not bind at start" >&2; fail=1; }
	! readelf -dW "$product" | grep -qE 'TEXTREL|RPATH|RUNPATH' ||
		{ echo "$product has text relocations or a path of its own" >&2; fail=1; }
	readelf -lW "$product" | grep GNU_STACK | grep -q 'RWE' && { echo "$product has an executable stack" >&2; fail=1; }
done
exit $fail
