#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every numbered rule that a file head announces (R1, R2, ...) is named again where the code keeps it.
set -u
fail=0
while read -r file; do
	head=$(awk '/\*\//{exit} {print}' "$file")
	for rule in $(grep -o '\bR[0-9]\+:' <<<"$head" | tr -d : | sort -u); do
		body=$(awk 'seen {print} /\*\//{seen=1}' "$file")
		if ! grep -q "\b$rule\b" <<<"$body"; then
			echo "$file: rule $rule is announced but never marked in the code" >&2
			fail=1
		fi
	done
done < <(find src helper pam_module -name '*.c')
exit $fail
