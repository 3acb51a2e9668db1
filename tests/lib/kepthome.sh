# SPDX-License-Identifier: Apache-2.0
# Kept homes as a test makes them: entries of a store, what their users do in them, and what is seen then. Sourced behind
# ctl.sh by suites of carrelctl home.

STORE=$STAGE/store

home_of() { # USER
	getent passwd "$1" | cut -d: -f6
}

data_of() { # USER
	echo "$STORE/home/$(id -u "$1")/data"
}

# keep USER: an entry as a login makes it, over the real home, with nothing changed
keep() {
	local uid entry data
	uid=$(id -u "$1")
	entry=$STORE/home/$uid
	data=$(data_of "$1")
	rm -rf "$entry"
	mkdir -p -m 0700 "$STORE" "$STORE"/{home,root,orphans} "$entry" "$data" "$data"/{layers,trash,work,up}
	printf 'owner=1\nuid=%s\nname=%s\nid=%032x\ncreated=%s\nform=plain\nsize=0\ninodes=0\nproject=0\nend\n' "$uid" "$1" "$uid" \
		"$(date +%s)" >"$entry/owner"
	printf 'home\nend\n' >"$entry/lower"
	: >"$entry/lock"
	: >"$entry/use"
	printf 'stack=1\nlayers=-\nend\n' >"$data/stack"
	printf 'snapshots=1\nend\n' >"$data/snapshots"
	chown --reference="$(home_of "$1")" "$data" "$data"/*
	chmod 0600 "$entry"/{owner,lower,lock,use} "$data"/{stack,snapshots}
}

# real USER COMMAND: what a user does in the real home
real() {
	(cd "$(home_of "$1")" && setpriv --reuid "$1" --regid "$(id -g "$1")" --init-groups bash -c "$2")
}

# mount_upper USER: the merged home at $STAGE/merged, as a room has it
mount_upper() {
	local data layers
	data=$(data_of "$1")
	layers=$(sed -n 's/^layers=//p' "$data/stack" | tr ' ' '\n' | sed "s,^[0-9]\+,$data/layers/&:,; s,^-\$,," | tr -d '\n')
	mkdir -p "$STAGE/merged"
	mount -t overlay -o "lowerdir=$layers$(home_of "$1"),upperdir=$data/up,workdir=$data/work" \
		-o redirect_dir=on,metacopy=off,index=off,xino=off merged "$STAGE/merged"
}

# as USER COMMAND: what a user does in the merged home; the overlay stands as long as it takes
as() {
	local rc
	mount_upper "$1" || return
	(cd "$STAGE/merged" && setpriv --reuid "$1" --regid "$(id -g "$1")" --init-groups bash -c "$2")
	rc=$?
	umount "$STAGE/merged"
	return $rc
}

# listing DIRECTORY: all that is in it, but for times of directories, and what an interrupted commit has not yet renamed
listing() {
	find "$1" -mindepth 1 -name '.carrel-*' -prune -o \( -type d -printf '%P d %m %u\0' -o -printf '%P %y %m %u %s %T@ %l\0' \) |
		sort -z | tr '\0' '\n'
	(cd "$1" && find . -name '.carrel-*' -prune -o -type f -size -1M -print0 | sort -z | xargs -0r sha256sum)
}

# What the user sees of the merged home.
seen() { # USER
	export -f listing
	as "$1" 'listing .'
}

changes() { # USER [OPTION...]: the first letters and the paths
	ctl home "$1" diff --json "${@:2}" >"$STAGE/changes" || [ $? = 1 ] || echo "status $?"
	json <"$STAGE/changes" '" ".join("%s:%s" % (x["change"][0], x["path"]) for x in d)'
}

# fresh: ana has a home with something in it, and a kept one over it with nothing changed
fresh() {
	real ana 'chmod -R u+rwx .; find . -mindepth 1 -delete; mkdir -p docs old/deep; echo one >docs/a; echo two >docs/b
		echo x >old/deep/x; printf "a\nb\nc\n" >text; echo same >same; ln same linked'
	keep ana
}

# without_set_id: a listing as it is after a commit or an import
without_set_id() {
	sed 's/^set f 6755 /set f 755 /'
}
