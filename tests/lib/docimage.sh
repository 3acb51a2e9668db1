# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The commands of docs/images.md, and the archive that its first one makes: made once, outside of any stage, since a stage has
# no network. Sourced. Environment: CARREL_GUEST_CACHE (default /var/cache/carrel-guest), as for the guest's images

# docimage_blocks FILE: its blocks, each behind a line "block"
docimage_blocks() {
	awk '/^```$/ { on = 0 } on { print } /^```(sh run=image|conf)$/ { on = 1; print "block" }' "$1"
}

# The arguments of mmdebstrap in it.
docimage_arguments() { # FILE
	docimage_blocks "$1" | sed -n 's/^mmdebstrap \(.*\) | .*/\1/p'
}

docimage_archive() { # ARGUMENTS: where it is, or shall be
	echo "${CARREL_GUEST_CACHE:-/var/cache/carrel-guest}/document-$(sha256sum <<<"$1" | cut -c 1-16).tar"
}

# Make it, if it is not there.
docimage_make() { # FILE
	local arguments archive
	arguments=$(docimage_arguments "$1")
	archive=$(docimage_archive "$arguments")
	mkdir -p "${archive%/*}"
	(
		flock 9
		[ -s "$archive" ] || { mmdebstrap $arguments >"$archive.new" 2>"$archive.log" && mv "$archive.new" "$archive"; }
	) 9>"$archive.lock"
}
