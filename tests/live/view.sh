#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a policy says about the file tree, over SSH: an image as root, read-only or with an overlay that is thrown away;
# paths hidden, read-only, writable and shown elsewhere; homes from a template and from a skeleton.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
. "$STAGE/tests/lib/rootimage.sh"
. "$STAGE/tests/lib/likemake.sh"

IMAGE=/srv/image

# With $1 in the policy of ana and cara, $2 in dora's
views() {
	host_config '' "$1" "$2"
	sed -i "s|home = { mode = \"overlay\"; size = \"64M\"; };|${3-&}|; s|home = { mode = \"tmpfs\"; size = \"64M\"; };|${4-&}|" \
		/etc/carrel/carrel.conf
}

check_image() {
	views "root = { mode = \"image\"; path = \"$IMAGE\"; };" ''
	is "image: its own files are there" "$(room ana 'cat /etc/issue; ls -d /usr/sbin /var/log /boot 2>/dev/null')" 'the image'
	is "the user, home and terminal work" "$(room_tty ana 'id -un; cd; touch x && ls; test -c "$(tty)" && echo tty')" $'ana\nx\ntty'
	like "it cannot be written to" "$(room ana 'touch /srv/open/x')" 'Read-only file system'
	is "/tmp can" "$(room ana 'touch /tmp/x && ls /tmp')" x
	timeout $((20 * CARREL_PATIENCE)) sftp -q -F $STAGE/ssh/config -b <(echo "get /etc/issue $STAGE_LOG/issue") ana@room >/dev/null 2>&1
	is "sftp sees it" "$(cat $STAGE_LOG/issue)" 'the image'
	is "standard input is binary-clean" "$(head -c 100000 /bin/bash | s ana@room sha256sum)" "$(head -c 100000 /bin/bash | sha256sum)"
	views "root = { mode = \"image\"; path = \"$IMAGE\"; writable = true; };" ''
	is "with an overlay it can be written to" "$(room ana 'touch /srv/open/x && ls /srv/open')" x
	is "until the logout" "$(room ana 'ls /srv/open')" ''
	is "and the image has nothing of it" "$(ls -A $IMAGE/srv/open $IMAGE/home $IMAGE/tmp | grep -v :)" ''
	chown ana $IMAGE
	log_mark
	like "an image that is a user's is refused" "$(room ana true)" 'code MOUNT'
	like "and the log says which" "$(log_since 'stage=MOUNT')" "$IMAGE"
	chown root $IMAGE
	chmod 0777 /srv
	like "one below a directory that others can write, too" "$(room ana true)" 'code MOUNT'
	chmod 0755 /srv
}

check_lists() {
	mkdir -p /srv/{secret,work/part,data}
	chmod 0777 /srv/work /srv/work/part
	echo hidden >/srv/secret/file
	echo shown >/srv/data/file
	views 'root = { hide = [ "/srv/secret", "/home" ]; writable_paths = [ "/srv/work" ]; read_only = [ "/srv/work/part" ];
		bind = ( { source = "/srv/data"; target = "/mnt"; } ); };' ''
	is "hidden" "$(room ana 'ls -A /srv/secret')" ''
	is "writable, and kept" "$(room ana 'touch /srv/work/kept'; ls /srv/work/kept)" /srv/work/kept
	like "read-only below it" "$(room ana 'touch /srv/work/part/x')" 'Read-only file system'
	is "shown at another place" "$(room ana 'cat /mnt/file')" shown
	like "and read-only there" "$(room ana 'touch /mnt/x')" 'Read-only file system'
	is "what is writable is nosuid and nodev" "$(room ana 'grep " /srv/work " /proc/self/mountinfo | grep -c nosuid,nodev')" 1
}

# Where the host lets nobody run programs nobody runs them in what the room has there, either.
check_noexec() {
	local dir
	views '' ''
	for dir in /home /tmp; do
		mount -o remount,noexec "$dir"
	done
	for dir in '~' /tmp; do
		is "noexec on the host, noexec in the room: $dir" \
			"$(room ana "cp /bin/true $dir/p && { $dir/p 2>/dev/null || echo no; }")" no
	done
	is "elsewhere programs run" "$(room ana 'cp /bin/true /var/tmp/p && /var/tmp/p && echo run')" run
	for dir in /home /tmp; do
		mount -o remount,exec "$dir"
	done
	for dir in '~' /tmp; do
		is "and where they do on the host: $dir" "$(room ana "cp /bin/true $dir/p && $dir/p && echo run")" run
	done
}

check_homes() {
	local owner=user
	tmpfs_maps_owners || owner=keep
	mkdir -p /srv/{template,skeleton}
	echo template >/srv/template/from
	echo skeleton >/srv/skeleton/from
	views '' '' 'home = { mode = "overlay"; lower = "/srv/template"; lower_owner = "'$owner'"; size = "8M"; };' \
		'home = { mode = "tmpfs"; skeleton = "/srv/skeleton"; size = "8M"; };'
	is "home from a template" "$(room ana 'cat from; rm -f from; echo mine >from; echo new >new; cat from; stat -c %U .')" \
		$'template\nmine\nana'
	if [ $owner = user ]; then
		is "whose files are the user's" "$(room ana 'echo more >>from; stat -c %U:%G from; cat from')" \
			$'ana:students\ntemplate\nmore'
	else
		skip_here "whose files are the user's" "tmpfs has no idmapped mounts in this kernel"
	fi
	is "which is as before" "$(room ana 'cat from; ls new 2>/dev/null'; cat /srv/template/*)" $'template\ntemplate'
	is "in the template they are root's" "$(stat -c %U /srv/template/from)" root
	like "with a size" "$(room ana 'head -c 20000000 /dev/zero >big')" 'No space left'
	is "home from a skeleton" "$(room dora 'cat from; touch new; stat -c %U from .')" $'skeleton\ndora\ndora'
	poll 5 user_gone dora
	is "made anew for the next room" "$(room dora 'ls')" from
}

# The list is a file's (tests/lib/likereal.sh).
check_like_real() {
	local real name line list=$STAGE/tests/lib/likereal.sh
	host_config
	like_make ana
	like_make bob
	real=$(room bob "bash $list" | sed s/bob/USER/g)
	is "the list has run" "$(grep -c : <<<"$real")" "$(grep -c '^say "' "$list")"
	while IFS= read -r line; do
		name=${line%%:*}
		if [[ $line = "O_TMPFILE: "*"Errno 95"* ]]; then
			skip_here "an overlay as a real home: $name" "overlayfs of this kernel has it not (Linux 6.10 has)"
			continue
		fi
		is "an overlay as a real home: $name" "$line" "$(grep -F "$name:" <<<"$real" | head -n 1)"
	done < <(room ana "bash $list" | sed s/ana/USER/g)
	rm -r /home/{ana,bob}/like
}

host_start
rootimage_make $IMAGE
room ana true
room dora true
settle
before=$(census)
run_cases "$@" -- check_image check_lists check_noexec check_homes check_like_real
same_census "nothing is left behind" "$before"
tap_done
