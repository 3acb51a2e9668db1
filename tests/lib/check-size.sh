#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No product file over 500 lines, no function over 60 or with more than 5 parameters: what does not fit a head does not get
# reviewed. Lines of 120 columns, 140 in tests, as they are shown: a tab goes to the next eighth column.
set -u
export LC_ALL=C.UTF-8
# Functions with more parameters: each wants a struct of what belongs together, and nothing is added here.
MORE_PARAMETERS=(err.c:set err.c:crl_err_at fdpass.c:crl_msg_send fdpass.c:crl_msg_recv store.c:copy_config
	systemd_limits.c:take_units door_host.c:ctl_door_say findings.c:ctl_find)
fail=0

look() { # -v VARIABLE=VALUE... FILE
	expand -t 8 "${*: -1}" | awk -v file="${*: -1}" "${@:1:$#-1}" -f tests/lib/size.awk
}

while read -r file; do
	look -v lines=500 -v body=60 -v parameters=5 -v columns=120 -v more="${MORE_PARAMETERS[*]}" "$file" >&2 || fail=1
done < <(find src helper pam_module -name '*.[ch]')
while read -r file; do
	look -v columns=140 "$file" >&2 || fail=1
done < <(find tests -name '*.[ch]' -o -name '*.sh' -o -name '*.awk' -o -name '*.py')
exit $fail
