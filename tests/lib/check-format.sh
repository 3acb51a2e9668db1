#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every C file is as clang-format has it. Version 14 decides, Debian 12's: others differ in small things, and are not
# asked.
set -u
clang-format --version 2>/dev/null | grep -q 'version 14\.' || { echo "not looked at: there is no clang-format 14"; exit 0; }

if ! find src helper pam_module tests -name '*.[ch]' -print0 |
	xargs -0 -n 50 -P "$(nproc)" clang-format --dry-run --Werror >&2; then
	echo "make format puts that right" >&2
	exit 1
fi
