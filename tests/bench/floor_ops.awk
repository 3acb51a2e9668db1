# SPDX-License-Identifier: Apache-2.0
# Turns a trace of carrel's init into C: each call that changes something, with its arguments.
# Input: strace -ff -X raw -v -s 4096 of the process that calls pivot_root.
#
# A descriptor that was only looked up (openat2, an openat that creates nothing) is remembered as directory and path.
# Where the kernel takes a directory and a path itself, the call gets those; elsewhere the file is opened just before.
# Dropped: calls that failed, that only look, that check, and the change of identity around the home's lookup.

function split_args(text, out,    n, i, c, depth, quoted, cur) {
	n = 0; depth = 0; quoted = 0; cur = ""
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (quoted) {
			cur = cur c
			if (c == "\\") { i++; cur = cur substr(text, i, 1) }
			else if (c == "\"") quoted = 0
			continue
		}
		if (c == "\"") quoted = 1
		if (c == "{" || c == "[" || c == "(") depth++
		if (c == "}" || c == "]" || c == ")") { if (depth == 0) break; depth-- }
		if (c == "," && depth == 0) { out[++n] = trim(cur); cur = ""; continue }
		cur = cur c
	}
	if (trim(cur) != "") out[++n] = trim(cur)
	tail = substr(text, i + 1)
	return n
}

function trim(s) { sub(/^[ \t]+/, "", s); sub(/[ \t]+$/, "", s); return s }
function emit(s) { print "\t" s ";" }
function fd(n) { return n == "-100" ? "AT_FDCWD" : "f[" n "]" }

# A descriptor that the C code must have: opened now if it was only looked up.
function real(n) {
	if (n in lazy_dir) {
		emit("MUST(f[" n "] = openat(" place_dir(n) ", " place_path(n) ", " lazy_flags[n] "))")
		forget(n)
		opened[n] = 1
	}
	return fd(n)
}

function forget(n) { delete lazy_dir[n]; delete lazy_path[n]; delete lazy_flags[n] }
function look(n, dir, path, flags) {
	forget(n)
	if (dir in lazy_dir) {
		if (path == "\"\"" || path == "\".\"") path = lazy_path[dir]
		else if (lazy_path[dir] != "\".\"") path = substr(lazy_path[dir], 1, length(lazy_path[dir]) - 1) "/" substr(path, 2)
		dir = lazy_dir[dir]
	}
	lazy_dir[n] = dir; lazy_path[n] = path; lazy_flags[n] = flags
}
function place_dir(n) { return fd(lazy_dir[n]) }
function place_path(n) { return lazy_path[n] }
function made(n) { forget(n); opened[n] = 1 }

# Directory and path of a call's (descriptor, path) pair; EMPTY is the flag to drop when the path is filled in.
function pair(n, path, flags, empty,    f) {
	pair_flags = flags
	if (n in lazy_dir && path == "\"\"") {
		pair_flags = flags " & ~" empty
		return place_dir(n) ", " place_path(n)
	}
	return real(n) ", " path
}

BEGIN {
	print "// Written by floor_ops.awk from a trace: do not edit."
	print "static int f[256];\n\nstatic void build(void)\n{"
}

!/ = -1 / && match($0, /^[a-z0-9_]+\(/) {
	name = substr($0, 1, RLENGTH - 1)
	delete a
	n = split_args(substr($0, RLENGTH + 1), a)
	ret = tail
	sub(/^.*= /, "", ret)
	sub(/ .*/, "", ret)
	sub(/\?.*/, "", ret)

	if (name == "openat2" || name == "openat") {
		flags = a[3]
		if (name == "openat2") {
			match(a[3], /flags=[0-9a-fx]+/)
			flags = substr(a[3], RSTART + 6, RLENGTH - 6)
		}
		creates = flags ~ /^0x[0-9a-f]*[4-7c-f][0-9a-f]$/ # O_CREAT
		if (creates) {
			mode = name == "openat2" && match(a[3], /mode=[0-9]+/) ? substr(a[3], RSTART + 5, RLENGTH - 5) : a[4]
			at = real(a[1])
			emit("MUST(f[" ret "] = openat(" at ", " a[2] ", " flags ", " (mode == "" ? "0" : mode) "))")
			made(ret)
			created[ret] = 1
		} else if (a[1] == "-100") {
			look(ret, "-100", a[2], flags)
		} else {
			look(ret, a[1], a[2], flags)
		}
	}
	else if (name == "open") { look(ret, "-100", a[1], a[2]) }
	else if (name == "sendmsg" && !told) { # the room stands
		told = 1
		print "}\n\nstatic void settle(void)\n{"
	}
	else if (name == "close") {
		if (a[1] in opened) { emit("(void)close(f[" a[1] "])"); delete opened[a[1]]; delete created[a[1]] }
		forget(a[1])
	}
	else if (name == "setsid") emit("(void)setsid()")
	else if (name == "unshare") emit("MUST(unshare(" a[1] "))")
	else if (name == "sethostname") emit("MUST(sethostname(" a[1] ", " a[2] "))")
	else if (name == "ioctl" && a[2] == "0x8914") emit("bring_lo_up()")
	else if (name == "umask") emit("(void)umask(" a[1] ")")
	else if (name == "mount_setattr") {
		attr = a[4]
		gsub(/attr_set=/, ".attr_set=", attr); gsub(/attr_clr=/, ".attr_clr=", attr)
		gsub(/propagation=/, ".propagation=", attr); gsub(/userns_fd=/, ".userns_fd=", attr)
		p = pair(a[1], a[2], a[3], "0x1000u")
		emit("change(" p ", " pair_flags ", (struct mount_attr)" attr ")")
	}
	else if (name == "fsopen") { emit("MUST(f[" ret "] = fsopen(" a[1] ", " a[2] "))"); made(ret) }
	else if (name == "fsconfig") {
		if (match(a[4], /\/proc\/self\/fd\/[0-9]+/)) {
			layer = substr(a[4], RSTART + 14, RLENGTH - 14)
			at = real(layer)
			emit("set_layer(" fd(a[1]) ", " a[3] ", " at ")")
		} else
			emit("MUST(fsconfig(" fd(a[1]) ", " a[2] ", " a[3] ", " a[4] ", " a[5] "))")
	}
	else if (name == "fsmount") { emit("MUST(f[" ret "] = fsmount(" fd(a[1]) ", " a[2] ", " a[3] "))"); made(ret) }
	else if (name == "open_tree") {
		p = pair(a[1], a[2], a[3], "0x1000u")
		emit("MUST(f[" ret "] = (int)open_tree(" p ", " pair_flags "))")
		made(ret)
	}
	else if (name == "move_mount") {
		to = pair(a[3], a[4], a[5], "0x40u")
		emit("MUST(move_mount(" real(a[1]) ", " a[2] ", " to ", " pair_flags "))")
	}
	else if (name == "mkdirat") emit("MUST(mkdirat(" real(a[1]) ", " a[2] ", " a[3] "))")
	else if (name == "mknodat") emit("MUST(mknodat(" real(a[1]) ", " a[2] ", " a[3] ", " a[4] "))")
	else if (name == "symlinkat") emit("MUST(symlinkat(" a[1] ", " real(a[2]) ", " a[3] "))")
	else if (name == "fchown") emit("MUST(fchown(" real(a[1]) ", " a[2] ", " a[3] "))")
	else if (name == "fchownat") emit("MUST(fchownat(" real(a[1]) ", " a[2] ", " a[3] ", " a[4] ", " a[5] "))")
	else if (name == "fchmodat") emit("MUST(fchmodat(" real(a[1]) ", " a[2] ", " a[3] ", 0))")
	else if (name == "fchmod") emit("MUST(fchmod(" real(a[1]) ", " a[2] "))")
	else if (name == "write" && a[1] in created) emit("MUST(write(" fd(a[1]) ", " a[2] ", " a[3] "))")
	else if (name == "fchdir") emit("MUST(fchdir(" real(a[1]) "))")
	else if (name == "pivot_root") emit("MUST(syscall(SYS_pivot_root, " a[1] ", " a[2] "))")
	else if (name == "umount2") emit("MUST(umount2(" a[1] ", " a[2] "))")
	else if (name == "chdir") emit("MUST(chdir(" a[1] "))")
	else if (name == "prctl" && a[1] == "0x18") emit("MUST(prctl(0x18, " a[2] ", 0, 0, 0))")
	else if (name == "prctl" && (a[1] == "0x26" || a[1] == "0x4")) emit("MUST(prctl(" a[1] ", " a[2] ", 0, 0, 0))")
	else if (name == "capset") emit("drop_caps()")
	else if (name == "seccomp" && match(a[3], /len=[0-9]+/)) emit("filter_self(" substr(a[3], RSTART + 4, RLENGTH - 4) ")")
}

END {
	if (!told) print "}\n\nstatic void settle(void)\n{"
	print "}"
}
