#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What has changed since the tree was formatted whole (the last commit of .git-blame-ignore-revs) is as clang-format has
# it. Version 14 decides, Debian 12's: others differ in small things, and are not asked.
set -u
revision=$(grep -oE '^[0-9a-f]{40}' .git-blame-ignore-revs | tail -n 1)
pass() { echo "not looked at: $*"; exit 0; }

clang-format --version 2>/dev/null | grep -q 'version 14\.' || pass "there is no clang-format 14"
command -v git-clang-format >/dev/null || pass "there is no git-clang-format"
git cat-file -e "$revision^{commit}" 2>/dev/null || pass "the history is not here"
differs=$(git clang-format --diff --extensions c,h "$revision" -- src helper pam_module tests) ||
	grep -q '^diff ' <<<"$differs" || { echo "git clang-format fails: $differs" >&2; exit 1; }
if grep -q '^diff ' <<<"$differs"; then
	echo "$differs" >&2
	echo "make format-changed puts that right" >&2
	exit 1
fi
