#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The image store: what becomes an image and what does not, the same input the same file, hostile archives and file systems,
# files that were swapped, and what stays behind.
. "$(dirname "$0")/../lib/stage.sh"
. "$(dirname "$0")/../lib/docimage.sh"
# The archive of the document needs a network, which the stage has not.
if [ "${CARREL_ON_STAGE:-0}" != 1 ] && [[ " ${*:-document} " =~ \ (check_)?document\  ]]; then
	docimage_make "$(dirname "$0")/../../docs/images.md"
fi
stage_enter "$@"
. "$STAGE/tests/lib/ctl.sh"
. "$STAGE/tests/lib/rootimage.sh"

STORE=/var/lib/carrel
IMAGES=$STORE/images
WORK=$STAGE/work

digest_of() { # NAME: of its newest version
	ctl image list --json | N="$1" json '[x["digest"] for x in d if x["image"] == __import__("os").environ["N"]][0]'
}

# The only file of an image: NAME [SUFFIX]
file_of() {
	echo "$IMAGES/$1"/*."${2:-erofs}"
}

# A tree with all that an image can hold.
tree_make() { # DIRECTORY
	mkdir -p "$1"/{bin,etc,home/ana}
	printf '#!/bin/sh\necho hello\n' >"$1/bin/hello"
	chmod 4755 "$1/bin/hello"
	echo one >"$1/etc/one"
	ln "$1/etc/one" "$1/etc/two"
	ln -s /etc/shadow "$1/etc/link"
	install -o 1000 -g 1001 -m 640 /dev/null "$1/home/ana/file"
	truncate -s 1M "$1/home/ana/sparse"
	printf 'x' >"$1/odd"$'\n''name'
	mkfifo "$1/etc/fifo"
	touch -h -d '2020-02-02 02:02:02' "$1/etc/link"
	find "$1" ! -type l -exec touch -d '2020-02-02 02:02:02' {} +
}

# look NAME COMMAND...: with the image on /mnt
look() {
	local file
	file=$(file_of "$1")
	mount -o loop,ro "$file" /mnt && "${@:2}"
	umount /mnt
	poll 10 loops_gone "$file"
}

loops() {
	losetup -n -O BACK-FILE | grep -c "images/"
}

nothing_left() {
	is "nothing half made: $1" "$(ls -A $IMAGES | grep '^\.new')" ""
	check "no device: $1" poll 10 loops_gone images/
}

check_sources() {
	local first again
	tree_make "$WORK/tree"
	first=$(ctl image add tree "$WORK/tree")
	like "a directory becomes an image" "$first" '^tree@sha256:[0-9a-f]{64}$'
	is "the digest is the file's" "$(sha256sum <"$(file_of tree)" | cut -d' ' -f1)" "${first#*:}"
	is "owners, modes, links, times are the tree's" "$(look tree find /mnt -printf '%P %y %m %U:%G %n %l %t\n' | sort)" \
		"$(find "$WORK/tree" -printf '%P %y %m %U:%G %n %l %t\n' | sort)"
	cp -a "$WORK/tree" "$WORK/copy"
	again=$(ctl image add copy "$WORK/copy")
	is "the same tree is the same file" "${again#*:}" "${first#*:}"
	tar -C "$WORK/tree" --sort=name -czf "$WORK/tree.tar.gz" .
	like "so does an archive" "$(ctl image add packed "$WORK/tree.tar.gz")" '^packed@sha256:'
	is "with all that is in it" "$(look packed find /mnt -printf '%P %y %m %U:%G %n %l\n' | sort)" \
		"$(find "$WORK/tree" -printf '%P %y %m %U:%G %n %l\n' | sort)"
	is "and out of a stream, the same" "$(ctl image add streamed - <"$WORK/tree.tar.gz" | cut -d: -f2)" "$(digest_of packed)"
	mksquashfs "$WORK/tree" "$WORK/tree.squashfs" -quiet -no-progress >/dev/null
	is "a squashfs is taken as it is" "$(ctl image add squash "$WORK/tree.squashfs")" \
		"squash@sha256:$(sha256sum <"$WORK/tree.squashfs" | cut -d' ' -f1)"
	mke2fs -q -t ext4 -d "$WORK/tree" "$WORK/tree.ext4" 8M
	is "and an ext4, out of a stream as well" "$(ctl image add ext - <"$WORK/tree.ext4")" \
		"ext@sha256:$(sha256sum <"$WORK/tree.ext4" | cut -d' ' -f1)"
	is "all are listed" "$(ctl image list --json | json '" ".join(sorted(x["image"] + ":" + x["fs"] for x in d))')" \
		"copy:erofs ext:ext4 packed:erofs squash:squashfs streamed:erofs tree:erofs"
	is "the store is root's alone" "$(find $STORE ! -user root -o -type d ! -perm 700 -o -type f -perm /77)" ""
	nothing_left "after adding"
}

check_versions() {
	local first second
	first=$(digest_of tree)
	echo more >"$WORK/tree/etc/more"
	second=$(ctl image add tree "$WORK/tree" | cut -d: -f2)
	isnt "another tree is another version" "$first" "$second"
	is "the newest counts" "$(ctl image show tree --json | json 'd["digest"]')" "$second"
	like "show tells the older one" "$(ctl image show tree)" "^an older version: .* tree@sha256:$first"
	is "which is found by its digest" "$(ctl image show "tree@sha256:$first" --json | json 'd["digest"]')" "$first"
	like "and what a policy says" "$(ctl image show tree)" "image = \"tree@sha256:$second\""
	rm "$WORK/tree/etc/more"
	touch -d '2020-02-02 02:02:02' "$WORK/tree/etc"
	is "what was before, added again, is the newest again" "$(ctl image add tree "$WORK/tree" | cut -d: -f2)" "$first"
	is "and meant by the name" "$(ctl image show tree --json | json 'd["digest"]')" "$first"
	is "a digest that was asked for" "$(status ctl image add "tree@sha256:$first" "$WORK/tree")" 0
	like "another is not added" "$(ctl image add "fresh@sha256:$second" "$WORK/tree" 2>&1)" 'its digest is .*: not added'
	is "not at all" "$(ls $IMAGES | grep fresh)" ""
	is "old versions go" "$(status ctl image rm --old tree)" 0
	is "and the newest stays" "$(ctl image list --json | json '[x["digest"] for x in d if x["image"] == "tree"]')" "['$first']"
	is "nothing of an older one is left" "$(ls $IMAGES/tree | grep -c "$second")" 0
}

check_wrong_words() {
	local name
	for name in ../etc /etc .x A 'a b' '' host "a@sha256:12"; do
		is "no name of an image: \"$name\"" "$(status ctl image add "$name" "$WORK/tree")" 2
	done
	is "one that is not there" "$(status ctl image show none)" 1
	is "nor to be removed" "$(status ctl image rm none)" 1
	is "nor compared" "$(status ctl image verify none)" 1
	is "a version that is not there" "$(status ctl image show tree@sha256:$(printf '%064d' 0))" 1
	like "no such file" "$(ctl image add x /nonexistent 2>&1)" 'cannot open /nonexistent'
	like "no file at all" "$(ctl image add x /dev/null 2>&1)" 'neither a file nor a directory'
	head -c 100000 /dev/urandom >"$WORK/noise"
	like "no archive" "$(ctl image add x "$WORK/noise" 2>&1)" 'no erofs, squashfs or ext4, and no tar archive'
	like "an empty one" "$(ctl image add x - </dev/null 2>&1)" 'no tar archive'
	is "nothing of them stays" "$(ls -d $IMAGES/x 2>/dev/null)" ""
	like "an action that is not there" "$(ctl image ad 2>&1)" 'no action "ad" \(did you mean "add"\?\)'
	is "help of each action" "$(for a in add list show verify check rm; do ctl image $a --help | grep -c '^usage:'; done | xargs)" \
		"1 1 1 1 1 1"
	nothing_left "after what was refused"
}

# Names and links of an archive that lead out of where it is unpacked.
check_hostile_archives() {
	python3 - "$WORK" <<-'END'
		import io, sys, tarfile
		work = sys.argv[1]
		def add(t, name, kind=tarfile.REGTYPE, link="", data=b"evil\n", pax=None):
		    i = tarfile.TarInfo(name)
		    i.type, i.linkname, i.size, i.mode = kind, link, len(data) if kind == tarfile.REGTYPE else 0, 0o644
		    i.pax_headers = pax or {}
		    t.addfile(i, io.BytesIO(data) if kind == tarfile.REGTYPE else None)
		with tarfile.open(work + "/dots.tar", "w") as t:
		    add(t, "../../../../../../tmp/hostile-dots"); add(t, "ok")
		with tarfile.open(work + "/absolute.tar", "w") as t:
		    add(t, "/tmp/hostile-absolute"); add(t, "ok")
		with tarfile.open(work + "/through.tar", "w") as t:
		    add(t, "out", tarfile.SYMTYPE, "/tmp"); add(t, "out/hostile-through"); add(t, "ok")
		with tarfile.open(work + "/up.tar", "w") as t:
		    add(t, "out", tarfile.SYMTYPE, "../../../../../../tmp"); add(t, "out/hostile-up"); add(t, "ok")
		with tarfile.open(work + "/hard.tar", "w") as t:
		    add(t, "passwd", tarfile.LNKTYPE, "/etc/shadow"); add(t, "ok")
		with tarfile.open(work + "/hardup.tar", "w") as t:
		    add(t, "passwd", tarfile.LNKTYPE, "../../../../../../etc/shadow"); add(t, "ok")
		with tarfile.open(work + "/marks.tar", "w", format=tarfile.PAX_FORMAT) as t:
		    add(t, "ok", pax={"SCHILY.xattr.trusted.overlay.redirect": "/etc", "SCHILY.xattr.user.mine": "yes",
		        "SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.security.evil": "x"})
	END
	local name
	for name in dots absolute through up hard hardup marks; do
		ctl image add "hostile-$name" "$WORK/$name.tar" >"$WORK/said" 2>&1
	done
	is "nothing came out of the place" "$(ls /tmp $STORE / | grep -c hostile)" 0
	is "no file of the host came in" "$(for name in hard hardup; do
		[ ! -d "$IMAGES/hostile-$name" ] || look "hostile-$name" grep -rls root: /mnt; done)" ""
	is "an archive that stays within itself is one" "$(look hostile-marks cat /mnt/ok)" evil
	is "without what only the kernel may say of files" \
		"$(look hostile-marks python3 -c 'import os; print(os.listxattr("/mnt/ok"))')" "['user.mine']"
	ln -s /etc/shadow "$WORK/linked"
	mkdir "$WORK/links" && ln -s "$WORK/noise" "$WORK/links/a" && ln -s / "$WORK/links/b"
	ctl image add hostile-links "$WORK/links" >/dev/null
	is "links of a directory stay links" "$(look hostile-links find /mnt -type l | wc -l)" 2
	for name in "$IMAGES"/hostile-*; do
		ctl image rm "${name##*/}"
	done
	nothing_left "after hostile archives"
}

# keeps: ctl/image/tool R1, R2
# What handles an archive has no power over the host, even when it is somebody else's program by then.
check_place_of_tools() {
	local disk handle
	disk=$(mountpoint -d / | tr : ' ')
	echo secret >$STORE/secret
	handle=$(python3 $STAGE_PY/byhandle.py make $STORE/secret)
	is "a file is found by its handle" "$(python3 $STAGE_PY/byhandle.py read $STORE "$handle")" secret
	mkdir -p "$WORK/usr" && stage_tmpfs 0755 "$WORK/usr" && mkdir -p "$WORK"/usr/{up/bin,work}
	cp $STAGE_PY/byhandle.py "$WORK/usr/up/bin/"
	cat >"$WORK/usr/up/bin/tar" <<-'END'
		#!/bin/sh
		{ echo "sees: $(cd /; echo *)"; echo x >/usr/bin/evil && echo wrote; mount -t tmpfs x /tmp && echo mounted
		cat /etc/shadow && echo read; kill -0 PID && echo killed; chroot / true && echo rooted
		mknod /out/disk b DISK && echo made && head -c 512 /out/disk >/out/block && echo read-disk
		mknod /tmp/disk b DISK && head -c 512 /tmp/disk >/out/block && echo read-disk
		python3 /usr/bin/byhandle.py read /out HANDLE && echo read-handle
		sed -n 's/^CapEff:[[:space:]]*//p' /in; } >/out/tree/seen 2>/dev/null
	END
	sleep 1000 &
	sed -i "s/PID/$!/; s/DISK/$disk/; s/HANDLE/$handle/" "$WORK/usr/up/bin/tar"
	chmod 755 "$WORK/usr/up/bin/tar"
	mount -t overlay -o "lowerdir=/usr,upperdir=$WORK/usr/up,workdir=$WORK/usr/work" overlay /usr
	ctl image add tool "$WORK/tree.tar.gz" >/dev/null
	umount -l /usr
	kill $!
	is "it sees programs and its own" "$(look tool sed -n 's/^sees: //p' /mnt/seen)" \
		"$(cd / && echo bin dev etc in $(ls -d lib lib32 lib64 2>/dev/null) out sbin tmp usr)"
	is "and can do nothing to the host" "$(look tool grep -E '^(wrote|mounted|read|killed|rooted)' /mnt/seen)" ''
	like "it may make devices, which the image has" "$(look tool cat /mnt/seen)" '^made'
	ctl image rm tool
	rm $STORE/secret
}

check_hostile_file_systems() {
	local at
	cp "$WORK/tree.ext4" "$WORK/bad.ext4"
	printf '\377\377\377\377' | dd of="$WORK/bad.ext4" bs=1 seek=$((1024 + 4)) conv=notrunc status=none # blocks: 2^32-1
	like "one that says it is huge" "$(ctl image add bad "$WORK/bad.ext4" 2>&1)" 'cannot mount it as ext4'
	head -c 20000 "$WORK/tree.squashfs" >"$WORK/short.squashfs"
	head -c 1200 "$(file_of tree)" >"$WORK/short.erofs"
	like "one that was cut" "$(ctl image add bad "$WORK/short.erofs" 2>&1)" 'cannot (mount it as|make a loop)'
	for at in 1028 1032 1040 1060; do
		cp "$(file_of tree)" "$WORK/bad.erofs"
		printf '\377\377\377\377' | dd of="$WORK/bad.erofs" bs=1 seek=$at conv=notrunc status=none
		is "a superblock that is no more whole ($at)" "$(status ctl image add bad "$WORK/bad.erofs")" 3
	done
	is "nothing of them stays" "$(ls -d $IMAGES/bad 2>/dev/null)" ""
	nothing_left "after hostile file systems"
}

check_swapped() {
	local file
	file=$(file_of tree)
	is "all are what was added" "$(status ctl image verify)" 0
	cp "$file" "$WORK/good"
	printf x | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
	log_mark
	is "one that was written to" "$(status ctl image verify tree)" 1
	like "is told with both digests" "$(ctl image verify tree 2>&1)" 'its file is not what was added: its digest is'
	like "and alerts" "$(log_since 'image=tree')" 'its file is not what was added: sha256 is'
	cp "$(file_of squash squashfs)" "$WORK/other"
	mv "$WORK/other" "$file"
	is "one that was replaced" "$(status ctl image verify tree)" 1
	ln -sf "$WORK/good" "$file"
	is "a link" "$(status ctl image verify tree)" 3
	rm "$file"
	is "none" "$(status ctl image verify tree)" 1
	is "added again it is well" "$(status ctl image add tree "$WORK/tree")" 0
	is "and compared" "$(status ctl image verify tree)" 0
	chown ana "$(file_of tree)"
	is "one that is somebody's" "$(status ctl image verify tree)" 1
	chown root "$(file_of tree)"
	chmod 0755 $STORE
	is "a store that is open to others" "$(status ctl image list)" 3
	chmod 0700 $STORE
	chmod 0755 $IMAGES/tree
	like "which of its directories is told" "$(ctl image verify tree 2>&1)" "$IMAGES/tree must belong to root"
	chmod 0700 $IMAGES/tree
	ctl image rm --old tree
	echo x >>"$(file_of tree image)"
	like "a record that is no more whole" "$(ctl image show tree 2>&1)" 'record of .* is damaged: add it again'
	is "is mended by adding it" "$(status ctl image add tree "$WORK/tree")" 0
	is "and it is there" "$(status ctl image show tree)" 0
}

# A record that cannot be read is in nobody's way but its own version's.
check_damaged() {
	local old new
	old=$(ctl image add broken "$WORK/small" | cut -d: -f2)
	echo newer >"$WORK/small/etc/newer"
	new=$(ctl image add broken "$WORK/small" | cut -d: -f2)
	: >"$IMAGES/broken/$old.image"
	touch -d 2020-01-01 "$IMAGES/broken/$old.image"
	is "others are listed beside it" "$(ctl image list --json | json 'sorted(x["fs"] for x in d if x["image"] == "broken")')" \
		"['damaged', 'erofs']"
	is "and shown" "$(ctl image show broken --json | json 'd["digest"]')" "$new"
	like "it is not" "$(ctl image show "broken@sha256:$old" 2>&1)" "is damaged: add it again, or carrelctl image rm broken@sha256:$old"
	is "verify names it, and goes on" "$(ctl image verify broken 2>&1 | grep -c -e 'is damaged' -e 'is what was added')" 2
	root_is broken
	is "a login has the one that is whole" "$(room ana 'cat /etc/newer')" newer
	touch "$IMAGES/broken/$old.image"
	log_mark
	like "but no older one than it would" "$(room ana true)" 'code MOUNT'
	like "as the log says" "$(log_since 'stage=MOUNT')" "the record of $old is damaged"
	sweep_idle
	is "the newest that is whole is not old" "$(status ctl image rm --old broken)" 0
	is "and the damaged one goes, with its file" "$(ls "$IMAGES/broken" | cut -d. -f1 | sort -u)" "$new"
	is "a login is as before" "$(room ana 'cat /etc/newer')" newer
	rm "$WORK/small/etc/newer"
	sweep_idle
	is "it is removed by its name" "$(: >"$IMAGES/broken/$new.image"; status ctl image rm --force broken)" 0
	is "nothing of it stays" "$(ls $IMAGES | grep broken)" ''
}

# A store out of a backup has other files with the same digests.
check_brought_back() {
	local file
	ctl image add back "$WORK/small" >/dev/null
	file=$(file_of back)
	cp "$file" "$WORK/back" && mv "$WORK/back" "$file"
	isnt "another file is not the one of the record" "$(stat -c %i "$file")" "$(sed -n 's/^ino=//p' "$(file_of back image)")"
	is "its digest is" "$(status ctl image verify back)" 0
	is "and it counts as added from then on" "$(sed -n 's/^ino=//p' "$(file_of back image)")" "$(stat -c %i "$file")"
	printf x | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
	is "one that is another does not" "$(status ctl image verify back)" 1
	ctl image rm back
}

# The clock may have been ahead when the last one was added.
check_clock() {
	local new
	ctl image add late "$WORK/small" >/dev/null
	sed -i 's/^added_ms=1/added_ms=9/' "$(file_of late image)"
	echo newer >"$WORK/small/etc/newer"
	new=$(ctl image add late "$WORK/small" | cut -d: -f2)
	rm "$WORK/small/etc/newer"
	is "what was added last is the newest" "$(ctl image show late --json | json 'd["digest"]')" "$new"
	ctl image rm late
}

# A store in which nothing more has a place, or nothing at all.
check_full() {
	mount -t tmpfs -o size=3M,mode=700 stage $IMAGES
	like "a full disk, a directory" "$(ctl image add full "$WORK/small" 2>&1)" 'mkfs.erofs: .*No space left on device'
	like "an archive" "$(tar -C "$WORK/small" -cf - . | ctl image add full - 2>&1)" 'cannot write into .*: No space left on device'
	mkdir -p "$WORK/large" && head -c 2500000 /dev/urandom >"$WORK/large/file"
	like "one that is larger than what it is packed in" \
		"$(tar -C "$WORK/large" -czf - . | ctl image add full - 2>&1)" 'tar: .*(No space left on device|Wrote only)'
	is "nothing of them stays" "$(ls $IMAGES)" ''
	ctl image add little "$WORK/tree" >/dev/null
	mount -o remount,ro $IMAGES
	like "a store that is read-only" "$(ctl image add little "$WORK/tree" 2>&1)" 'Read-only file system'
	like "nothing is removed from it" "$(ctl image rm little 2>&1)" 'Read-only file system'
	is "and what it has is there" "$(status ctl image verify little)" 0
	umount $IMAGES
	nothing_left "after a full disk"
}

# One content by two names: two images.
check_one_content() {
	ctl image add one "$WORK/small" >/dev/null
	ctl image add two "$WORK/small" >/dev/null
	root_is one
	host_config '' 'root = { mode = "image"; image = "one"; };' 'root = { mode = "image"; image = "two"; };'
	log_mark
	hold a ana@room
	hold b dora@room
	is "each has its mount" "$(loops) $(images_mounted)" "2 2"
	hold_end a
	is "and keeps it" "$(room ana 'cat /etc/issue') $(loops)" 'the image 2'
	poll 20 eval '[ "$(attached one)" = "its digest 0" ]'
	is "each has its rooms" "$(attached one; attached two)" $'its digest 0\nits digest 1'
	is "nothing was put aside" "$(log_since 'image=')" ''
	hold_end b
	root_is none
	sweep_idle
	is "one is removed" "$(status ctl image rm one)" 0
	is "and the other stays" "$(status ctl image verify two)" 0
	ctl image rm two
}

# What was added before is not lost when it cannot be added again.
check_not_added_again() {
	ctl image add again "$WORK/small" >/dev/null
	mv /dev/loop-control /dev/loop-away
	like "it cannot be mounted" "$(ctl image add again "$WORK/small" 2>&1)" '/dev/loop-control'
	like "nor can another" "$(ctl image add other "$WORK/small" 2>&1)" '/dev/loop-control'
	mv /dev/loop-away /dev/loop-control
	is "the first is there as before" "$(status ctl image verify again)" 0
	is "with its three files" "$(ls "$IMAGES/again" | wc -l)" 3
	is "and nothing of the other" "$(ls $IMAGES | grep other)" ''
	# Killed before the record was written.
	mkdir -m 700 "$IMAGES/gone"
	touch "$IMAGES/gone/$(printf '%064d' 1).erofs" "$IMAGES/again/$(printf '%064d' 1).tree" "$IMAGES/again/.new-record"
	ctl image add more "$WORK/small" >/dev/null
	is "what one that was killed has left goes with the next" "$(ls -A $IMAGES "$IMAGES/again" | grep -c -e gone -e 0001 -e new)" 0
	ctl image rm again
	ctl image rm more
	nothing_left "after what was not added"
}

# Two at once, and one that is killed: the next begins anew.
check_at_once() {
	local i pids=()
	for i in 1 2 3 4; do
		ctl image add "at-once" "$WORK/tree" >"$WORK/at-once.$i" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		check "one of four at once" wait "$i"
	done
	is "all the same" "$(grep -hv "waiting for it" "$WORK"/at-once.? | sort -u | wc -l)" 1
	is "one image of them" "$(ls $IMAGES/at-once | wc -l)" 3
	exec 6>$IMAGES/.lock
	flock 6
	ctl image add waits "$WORK/small" 6>&- >"$WORK/waits" 2>&1 &
	poll 10 grep -q 'waiting for it' "$WORK/waits"
	is "who waits says so" "$(cat "$WORK/waits")" \
		"carrelctl image add: another image command adds or removes: waiting for it"
	exec 6>&-
	check "and goes on" wait $!
	ctl image rm waits
	mkfifo "$WORK/slow"
	"$STAGE_LIB/carrelctl" --state "$STATE_DIR" image add killed - <"$WORK/slow" >/dev/null 2>&1 & # itself, and no shell
	exec 5>"$WORK/slow"
	head -c 300000 /dev/zero >&5
	poll 10 eval "[ -s $IMAGES/.new/input ]"
	kill -KILL $!
	wait $! 2>/dev/null
	exec 5>&-
	is "what was killed has left no image" "$(ctl image list --json | json '[x for x in d if x["image"] == "killed"]')" "[]"
	is "and stands in nobody's way" "$(status ctl image add killed "$WORK/tree")" 0
	ctl image rm killed
	ctl image rm at-once
	nothing_left "after one that was killed"
}

# The policies of ana and dora have that image for a root, and nobody is in.
root_is() { # IMAGE
	host_config '' "root = { mode = \"image\"; image = \"$1\"; };" "root = { mode = \"image\"; image = \"$1\"; };"
	ctl kill ana dora >/dev/null 2>&1
	poll 10 user_gone dora && poll 10 user_gone ana
	settle
}

sweep() {
	"$STAGE_LIB/carrel-helper" --sweep --state $STATE_DIR
}

# The sweep once nobody is in any more. What the kernel takes down late is waited for.
sweep_idle() {
	settle
	sweep
	poll 10 eval '[ "$(loops) $(images_mounted)" = "0 0" ]'
}

images_mounted() { # [PID]
	grep -c "$STATE_DIR/images/.*/root " "/proc/${1-1}/mountinfo"
}

attached() { # NAME: by what
	ctl image show "$1" --json | json '"%s %d" % (d["attached_by"], d["rooms"])'
}

check_logins() {
	touch $STATE_DIR/swept # by the next one's login, within a minute, no sweep begins: those here are asked for
	ctl image add small "$WORK/small" >/dev/null
	root_is small
	is "a login has the image for its root" "$(room dora 'cat /etc/issue; ls -d /usr/sbin 2>/dev/null')" 'the image'
	hold one ana@room
	hold two dora@room
	is "all rooms have one mount of it" "$(loops) $(images_mounted)" "1 1"
	is "carrelctl knows who" "$(attached small)" "its digest 2"
	is "what rooms have is not removed" "$(status ctl image rm --force small)" 1
	is "nor by the sweep" "$(sweep; loops)" 1
	hold_end one
	hold_end two
	ctl kill dora >/dev/null 2>&1
	settle
	is "what nobody has stays until the sweep comes" "$(loops)" 1
	is "and then it goes" "$(sweep_idle; loops) $(images_mounted)" "0 0"
	root_is "small@sha256:$(digest_of small)"
	is "a policy may name the version" "$(room ana 'cat /etc/issue')" 'the image'
	settle
	like "what a policy names is not removed" "$(ctl image rm small 2>&1)" 'policy student names it \(--force removes it\)'
	echo newer >"$WORK/small/etc/newer"
	ctl image add small "$WORK/small" >/dev/null
	like "nor is it as an old one" "$(ctl image rm --old small)" 'stays: policy student names it'
	is "what none names is" "$(status ctl image rm "small@sha256:$(digest_of small)")" 0
	rm "$WORK/small/etc/newer"
	root_is "small@sha256:$(printf '%064d' 0)"
	log_mark
	like "another version is none" "$(room ana true)" 'code MOUNT'
	like "and the log says so" "$(log_since 'stage=MOUNT')" 'image small has no version of that digest'
	root_is none
	like "nor is another image" "$(room ana true)" 'code MOUNT'
	sweep_idle
}

# The lecture's vector 5: another image in its place.
check_swapped_at_login() {
	local file
	file=$(file_of small)
	root_is small
	hold one ana@room
	printf x | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") - 1)) conv=notrunc status=none
	log_mark
	like "a file that was written to refuses the next login" "$(room dora true)" 'code MOUNT'
	like "the log says why" "$(log_since 'stage=MOUNT')" 'image small: its file is not what was added'
	like "and it alerts" "$(log_since 'image=small')" 'its file is not what was added: sha256 is'
	is "who is in stays in" "$(hold_ask one 'echo here')" here
	hold_end one
	sweep_idle
	like "nor is it attached again" "$(room dora true)" 'code MOUNT'
	cp "$(file_of squash squashfs)" "$file"
	like "another one in its place is none, either" "$(room dora true)" 'code MOUNT'
	check "nothing is attached" poll 10 loops_gone images/
	ctl image add small "$WORK/small" >/dev/null
	is "added again it is well" "$(room dora 'cat /etc/issue')" 'the image'
	sweep_idle
}

# sshd in a mount namespace of its own, as a unit with PrivateTmp= or ProtectSystem= has it.
check_service_with_mounts() {
	local pid
	root_is small
	touch $STATE_DIR/swept # no login within a minute starts a sweep
	unshare -m --propagation slave /usr/sbin/sshd -f $STAGE/keys/sshd_config -D -e -p 2207 -o ListenAddress=127.0.0.1 \
		2>>$STAGE_LOG/sshd-service </dev/null &
	pid=$!
	poll 10 port_open 2207
	is "a login out of such a service" "$(s -p 2207 dora@room 'cat /etc/issue' </dev/null 2>&1)" 'the image'
	is "has what is attached for all" "$(images_mounted) $(loops)" "1 1"
	is "which the service does not show" "$(images_mounted $pid)" 0
	is "the next one by another door shares it" "$(room ana 'cat /etc/issue') $(loops)" 'the image 1'
	settle
	kill $pid
	wait $pid 2>/dev/null
	is "and the sweep takes it away" "$(sweep_idle; loops) $(images_mounted)" "0 0"
}

check_killed() {
	root_is small
	local p
	hold one ana@room
	for p in $(helper_pids supervisor) $(helper_pids init); do kill -KILL "$p"; done
	poll 10 user_gone ana
	hold_end one
	settle
	check "the sweep detaches what the killed had" eval "sweep; poll 10 eval '[ \$(loops) = 0 ]'"
	is "nothing is noted" "$(ls $STATE_DIR/images/*/users 2>/dev/null | grep -v : | xargs)" ""
	is "the next login attaches it" "$(room ana 'cat /etc/issue')" 'the image'
	settle
	is "an image that is attached and nobody's is removed" "$(status ctl image rm --force small)" 0
	check "with its mount" poll 10 loops_gone images/
	is "it is gone" "$(ls -d $IMAGES/small 2>/dev/null)" ""
	host_config
}

lacking() { # IMAGE [OPTION...]: what image check says is missing
	ctl image check "$@" --json | json '"\n".join(x["for"] + ": " + x["detail"] for x in d if x["answer"] != "ok")'
}

# keeps: ctl/image/look R1
# What check says is missing is; with it a login works. Nothing of the image is run.
check_check() {
	local link tree=$WORK/desk
	cp $STAGE/keys/sshd_config /etc/ssh/sshd_config
	rootimage_make "$tree"
	ctl image add checked "$tree" >/dev/null
	like "terminals are missed" "$(lacking checked)" '^terminals: xterm xterm-256color'
	like "with what to install" "$(ctl image check checked)" 'MISSING .*install ncurses-base'
	is "then the answer is no" "$(status ctl image check checked)" 1
	mkdir -p "$tree/lib/terminfo" "$tree/usr/lib/locale/C.utf8"
	cp -a /lib/terminfo/. "$tree/lib/terminfo/"
	cp -a /usr/share/terminfo/. "$tree/lib/terminfo/" 2>/dev/null
	printf 'LANG=C.UTF-8\n' >/etc/default/locale
	ctl image add checked "$tree" >/dev/null
	is "with it nothing is" "$(lacking checked --user dora; status ctl image check checked --user dora)" $'\n0'
	is "and a login works" "$(root_is checked; room dora 'echo works')" works
	is "for a policy as well" "$(lacking checked --user dora --policy lab)" ""
	mkdir -p "$tree/root/keys"
	chmod 0700 "$tree/root"
	install -m 0600 /dev/stdin "$tree/root/keys/id" <<<secret
	install -m 0640 /dev/stdin "$tree/etc/shadow" <<<'root:$6$x'
	install -m 0600 /dev/null "$tree/etc/empty"
	ctl image add checked "$tree" >/dev/null
	is "what modes keep from others is a note" "$(lacking checked --user dora; status ctl image check checked --user dora)" \
		$'closed files: 2 that not everybody may read: /etc/shadow, /root/keys/id\n0'
	rm -r "$tree/root/keys" "$tree/etc/shadow" "$tree/etc/empty"
	rm "$tree"/lib*/*/libtinfo.so.6 "$tree"/usr/lib/openssh/sftp-server
	rm -r "$tree/proc" "$tree/usr/lib/locale"
	printf 'passwd: files evil\nhosts: files [NOTFOUND=return] mdns4 dns\n' >"$tree/etc/nsswitch.conf"
	ctl image add checked "$tree" >/dev/null
	is "each thing that was taken away is named" "$(lacking checked --user dora | grep -v terminals)" \
		"shell: the library is missing: libtinfo.so.6
sftp: not there: /usr/lib/openssh/sftp-server
names: passwd: evil has no libnss_evil.so.2
names: hosts: mdns4 has no libnss_mdns4.so.2
locale: C.UTF-8, as the host has it
places: /proc"
	rm "$tree/bin/bash"
	printf '#!/bin/nothing\n' >"$tree/bin/bash"
	chmod 755 "$tree/bin/bash"
	mkdir "$tree/proc"
	ctl image add checked "$tree" >/dev/null
	like "a shell that is a script of nothing" "$(lacking checked --user dora)" '^shell: not there: /bin/nothing'
	sed 's/./\x01/19' /bin/true >"$tree/bin/bash"
	printf '\xb7' | dd of="$tree/bin/bash" bs=1 seek=18 conv=notrunc status=none
	ctl image add checked "$tree" >/dev/null
	like "one of another machine" "$(lacking checked --user dora)" '^shell: it is for another machine: /bin/bash'
	ln -sfn /proc/self/root/bin/bash "$tree/bin/bash"
	mkfifo "$tree/etc/fifo"
	ln -sf fifo "$tree/etc/nsswitch.conf"
	ln -sfn ../../../../../../../../bin/bash "$tree/bin/bash2"
	ctl image add checked "$tree" >/dev/null
	like "links lead nowhere else, and nothing blocks" "$(lacking checked --user dora)" '^shell: not there: /bin/bash'
	# What a login would be refused for.
	rootimage_make "$tree.links"
	for link in etc tmp var run dev proc sys var/tmp var/log usr/lib usr/local etc/userdb; do
		rm -rf "$tree.link"
		cp -a "$tree.links" "$tree.link"
		mkdir -p "$tree.link/other/lib" "$tree.link/${link%/*}"
		rm -rf "$tree.link/$link"
		ln -s /other "$tree.link/$link"
		ctl image add checked "$tree.link" >/dev/null
		root_is checked
		log_mark
		like "a link for /$link: no login" "$(room dora true)" 'code MOUNT'
		like "and the check says so before" "$(lacking checked --user dora)" "^places: /$link"
	done
	ctl kill dora >/dev/null 2>&1
	settle
	is "a user that is not there" "$(status ctl image check checked --user nobody-here)" 1
	is "a policy that is not there" "$(status ctl image check checked --user dora --policy none)" 3
	host_config
	ctl image rm checked
	nothing_left "after checks"
}

# The lecture's vectors 4 and 5, as carrelctl assess measures them.
check_assess() {
	local digest rows='"\n".join(" ".join((x["vector"][:1], x["answer"], x["detail"])) for x in d if x["vector"][:2] in ("4 ", "5 "))'
	digest=$(ctl image add small "$WORK/small" | cut -d: -f2)
	root_is "small@sha256:$digest"
	log_mark
	is "a version that is named: both are closed" "$(ctl assess student --user ana --json | json "$rows")" \
		$'4 closed root.image names the one version by its digest\n5 closed tried: a file with another digest is refused'
	is "to try it is no alarm" "$(log_since 'is not what was added')" ""
	root_is small
	is "by its name alone" "$(ctl assess student --user ana --json | json "$rows")" \
		$'4 OPEN root.image takes the version that was added last\n5 closed tried: a file with another digest is refused'
	host_config '' "root = { mode = \"image\"; path = \"$WORK/small\"; };"
	like "a directory is proved by nothing" "$(ctl assess student --user ana --json | json "$rows")" '^5 OPEN root.path is proved by'
	host_config
	like "the host's root is not carrel's" "$(ctl assess student --user ana --json | json "$rows")" "^5 not carrel's"
	settle
	ctl image rm --force small
	is "nothing is left in /run" "$(ls -d /run/carrel-assess* 2>/dev/null)" ""
}

# docs/images.md: its commands as they stand there, its configuration, and a login.
check_document() {
	local document=$STAGE/data/images.md archive block part status said
	archive=$(docimage_archive "$(docimage_arguments "$document")")
	[ -s "$archive" ] || { skip_here "the document's commands" "no packages to make its image: $(tail -n 1 "$archive.log")"; return; }
	mkdir -p "$WORK/bin"
	printf '#!/bin/sh\n[ "$*" = "%s" ] && exec cat "%s"\n' "$(docimage_arguments "$document")" "$archive" >"$WORK/bin/mmdebstrap"
	printf '#!/bin/sh\nexec "%s/carrelctl" --helper "%s/carrel-helper" --module "%s/pam_carrel.so" "$@"\n' \
		$STAGE_LIB $STAGE_LIB $STAGE_LIB >"$WORK/bin/carrelctl"
	chmod 755 "$WORK"/bin/*
	host_config
	printf 'LANG=C.UTF-8\n' >/etc/default/locale
	cp $STAGE/keys/sshd_config /etc/ssh/sshd_config
	docimage_blocks "$document" | csplit -q -z -f "$WORK/block." - '/^block$/' '{*}'
	for block in "$WORK"/block.*; do
		part=$(sed 1d "$block")
		if [[ $part == *{* ]]; then
			{ echo "data_dir = \"$STAGE/data\";"; echo "$part"; } >/etc/carrel/carrel.conf
			continue
		fi
		said=$(PATH=$WORK/bin:$PATH bash -e -o pipefail -c "$part" 2>&1 </dev/null)
		status=$?
		is "$(head -n 1 <<<"$part")" "$status" 0
		[ $status = 0 ] || echo "# $said"
	done
	is "a login is in that Debian" "$(room ana '. /etc/os-release; echo $VERSION_CODENAME; ls -d /srv/carrel 2>/dev/null')" bookworm
	is "with a terminal" "$(room_tty ana 'test -t 0 && tput -T xterm-256color colors')" 256
	echo "get /etc/debian_version $WORK/version" >"$WORK/batch"
	timeout $((20 * CARREL_PATIENCE)) sftp -q -F $STAGE/ssh/config -b "$WORK/batch" ana@room >/dev/null 2>&1
	like "and by SFTP" "$(cat "$WORK/version" 2>/dev/null)" '^12'
	settle
	host_config
	ctl image rm desk
	nothing_left "after the document's commands"
}

host_start
mkdir -p "$WORK" $STAGE/lib.{up,work}
# The store is where it is on a host, and /var/lib the machine's: what is made there would be seen by the next suite.
mount -t overlay -o "lowerdir=/var/lib,upperdir=$STAGE/lib.up,workdir=$STAGE/lib.work" stage /var/lib || die "no overlay on /var/lib"
mkdir -p $STORE
stage_tmpfs 0700 $STORE
rootimage_loops || die "no loop devices"
rootimage_make "$WORK/small"
needs "check_full check_versions check_wrong_words check_place_of_tools" check_sources
needs "check_hostile_file_systems check_swapped check_at_once" check_sources
needs "check_swapped_at_login check_service_with_mounts check_killed" check_logins
needs check_swapped_at_login check_sources
run_cases "$@" -- check_sources check_versions check_wrong_words check_hostile_archives check_place_of_tools \
	check_hostile_file_systems check_swapped check_at_once check_damaged check_brought_back check_clock check_full check_one_content \
	check_not_added_again check_logins check_swapped_at_login \
	check_service_with_mounts check_killed check_assess check_check check_document
tap_done
