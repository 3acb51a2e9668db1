#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# policy and plan ask and change nothing outside of what they are given: they import only what is named here.
# $1  the build directory; run from the top of the tree
set -u -o pipefail
build=${1:?build directory}

# Names as patterns of bash; [__]NAME[_chk] and __isocNN_NAME count as NAME.
pure='
# memory, and texts in it
calloc malloc realloc reallocarray free memchr memcmp memcpy memmove memset
str* stpcpy snprintf vsnprintf asprintf vasprintf sscanf qsort fnmatch inet_pton
# a stream in memory: open_memstream(3) is the only one that is opened
open_memstream fprintf fputc fputs fwrite fflush ferror rewind fclose
# addresses to texts
inet_ntop
# names of capabilities, numbers of system calls, a configuration that is parsed from a text
cap_free cap_from_name cap_to_name
seccomp_arch_* seccomp_syscall_* seccomp_version
config_destroy config_init config_read_string config_setting_*
# of base and wire: errors, numbers, names, texts
crl_err_* crl_format_* crl_parse_* crl_nearest_* crl_word_* crl_visible_* crl_name_is_valid crl_ns_by_name crl_nskinds
crl_language_name crl_sha256_begin crl_sha256_add crl_sha256_end crl_path_fault crl_path_is_within crl_path_may_show crl_login_* crl_last_*
crl_mountinfo_*
# the compiler
errno_location stack_chk_fail _GLOBAL_OFFSET_TABLE_
'

# Each of these is in the contract of its function: where, what, why it is there all the same.
impure='
src/policy/file/source.c    crl_path_open_trusted crl_file_read_all close       reads the configuration that is to be parsed
src/policy/file/load.c      crl_path_open_trusted crl_dir_* close               and the list of its drop-ins
src/policy/file/chain.c     crl_dir_*                                           policies that are shipped, for a hint in an error
src/policy/rules/condition.c  localtime_r                                       a rule for hours of the day means those of the host
src/plan/filter/key.c       stat uname                                          what a kept filter was made for
src/plan/mounts/host.c      read                                                from a descriptor of mountinfo that it is given
src/plan/mounts/host_sockets.c  send recv read                                  asks through a socket that it is given
'

objects() {
	find src/policy src/plan -name '*.c' | sed "s,^,$build/obj/,; s,c\$,o,"
}

is_allowed() { # FILE SYMBOL
	local pattern
	for pattern in ${allowed[all]} ${allowed[$1]-}; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $2 == $pattern ]] && return
	done
	return 1
}

set -f
declare -A allowed=([all]=$(grep -v '^#' <<<"$pure" | xargs))
while read -r file rest; do
	[[ $file ]] && allowed[$file]=${rest%%   *}
done <<<"$impure"

own=$(objects | xargs nm -A -g --defined-only | awk '{ print $NF }' | sort -u)
fail=0
while read -r file symbol; do
	is_allowed "$file" "$symbol" && continue
	echo "$file: calls $symbol(), which is not pure (see tests/lib/check-pure.sh)" >&2
	fail=1
done < <(objects | xargs nm -A -u | awk -v own="$own" -v prefix="$build/obj/" '
	BEGIN { n = split(own, o, "\n"); for (i = 1; i <= n; i++) known[o[i]] = 1 }
	!known[$NF] {
		file = substr($1, length(prefix) + 1); sub(/\.o:.*/, ".c", file)
		symbol = $NF; sub(/^__isoc[0-9]+_/, "", symbol)
		if (symbol ~ /^__/) { sub(/^__/, "", symbol); sub(/_chk$/, "", symbol) }
		print file, symbol
	}')
exit $fail
