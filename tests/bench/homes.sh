#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What homes and roots that copy on write cost, beside real ones on the same file system; docs/performance.md says what
# each figure means.
# Usage, as root: CARREL_BUILD=build tests/bench/homes.sh       (make bench-homes; BENCH_PART=10 does a tenth of the work)
#   BENCH_ONLY="works changes" does these parts of it: works, logins, changes, images
# Prints a table and writes $CARREL_BUILD/bench-homes.tsv. Fails when something does not work, never because it is slow.
set -u
cd "$(dirname "$0")/../.." && . tests/bench/stage.sh || exit 1
REPO=$PWD
CARREL_BUILD=$(realpath "${CARREL_BUILD:-build}")
PART=${BENCH_PART:-1}
export CARREL_BUILD

RAW=$CARREL_BUILD/bench-homes.raw
TSV=$CARREL_BUILD/bench-homes.tsv
DISK=$CARREL_BUILD/bench-homes.ext4
STORE=$B/disk/store
CTL="$CARREL_BUILD/carrelctl --config $B/carrel.conf --state /run/carrel"
ROUNDS=3
GOALS=(home_git=1.05 home_tar=1.05 home_cc=1.05 home_write=1.05 open_many_files=1.0 open_40_snapshots=1.1
	commit_vs_cp=1.5 discard_vs_rm=1.5)
MANY=$((1000000 / PART)) FILES=$((100000 / PART)) MEGABYTES=$((1024 / PART))
if [ "${1-}" = --table ]; then # into docs/performance.md; make bench-homes-table
	awk -f tests/bench/homes_table.awk -v goals="${GOALS[*]}" "$TSV" docs/performance.md >"$TSV.md" &&
		cat "$TSV.md" >docs/performance.md && rm "$TSV.md"
	exit
fi
[ "${BENCH_INSIDE-}" = 1 ] || stage_enter "$REPO" "$REPO/tests/bench/homes.sh"
mkdir -p "$CARREL_BUILD"
: >"$RAW"
printf 'name\tvalue\tunit\n' >"$TSV"
. tests/bench/figures.sh

# ---- the stage ------------------------------------------------------------------------------------------------

# Real homes and the store on one ext4, so that what differs is the overlay alone.
disk_make() {
	local dir
	rm -f "$DISK"
	truncate -s $((16384 / PART + 4096))M "$DISK" && mkfs.ext4 -q -N $((2 * MANY + 600000)) -m 1 "$DISK" || die "no disk"
	mkdir $B/disk && mount -o loop "$DISK" $B/disk && rm -f "$DISK" || die "cannot mount the disk"
	for dir in home tmp images; do mkdir $B/disk/$dir; done
	mkdir -m 700 $STORE
	umount /home && mount --bind $B/disk/home /home || die "no /home"
	for dir in real kept bare many few deep; do useradd -m -s /bin/bash $dir || die "cannot make user $dir"; done
}

# A real home that is an overlay already, mounted by hand: what the kernel's overlay costs, without carrel. As new for
# each login, like a kept one.
bare_mount() { # USER
	local dir=$B/disk/bare
	if [ -d $dir ]; then
		umount /home/$1 || die "somebody is in the bare overlay"
	else
		mkdir $dir $dir/work $dir/up && chown --reference=/home/$1 $dir/up && chmod --reference=/home/$1 $dir/up ||
			die "no bare overlay"
	fi
	mount -t overlay -o "lowerdir=$B/disk/home/$1,upperdir=$dir/up,workdir=$dir/work" bare /home/$1 ||
		die "no bare overlay"
}

policies_make() {
	local off='limits = "off"; cgroup = "off";' base='share = "login"; no_new_privs = true; capabilities = { bounding = [ ]; };'
	local kept='home = { mode = "overlay"; upper = "persistent"; quota = "none"; snapshots = 40; };'
	local real='home = { mode = "real"; };' on="network = { mode = \"none\"; }; features = { $off };"
	variant real "$base $real $on"
	variant kept "$base $kept $on"
	variant directory "$base $real root = { mode = \"image\"; path = \"$B/disk/images/directory\"; }; $on"
	variant file "$base $real root = { mode = \"image\"; image = \"bench\"; }; $on"
	printf '%s\n' "data_dir = \"$B/conf\";" "store = \"$STORE\";" \
		"rules = ( ${RULES[*]} { user = [ \"real\", \"bare\" ]; policy = \"real\"; }, { policy = \"kept\"; } );" \
		"policies = { ${POLICIES[*]} };" >$B/carrel.conf
	printf 'auth required pam_deny.so\nsession required pam_deny.so\n' >$B/pam/other
}

SSH="ssh -F none -i $B/keys/user -p 7022 -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null
	-o LogLevel=ERROR -o GSSAPIAuthentication=no"

inside() { # USER COMMAND: in that user's room
	$SSH "$1@127.0.0.1" "$2" </dev/null || die "$1: $2: failed"
}

# Its room is over a moment after its last login, and what it showed a moment later.
out() { # USER
	local i
	for i in {1..100}; do
		[ "$($CTL list --json "$1" | tr -d '[:space:]')" != "[]" ] || { sleep 0.5 && return; }
		sleep 0.1
	done
	die "$1 does not leave"
}

# ---- work in a home -------------------------------------------------------------------------------------------

work_files() { # HOME: what is there before the first login
	local dir=$1/work i
	mkdir -p "$dir/repo" "$dir/c"
	for i in {1..100}; do
		mkdir "$dir/repo/$i"
		for j in {1..100}; do echo "$i $j" >"$dir/repo/$i/$j"; done
	done
	git -C "$dir/repo" init -q && git -C "$dir/repo" add . &&
		git -C "$dir/repo" -c user.name=b -c user.email=b@localhost -c maintenance.auto=false commit -q -m all ||
		die "no repository"
	cp "$REPO"/src/base/*.[ch] "$dir/c/"
	mkdir "$dir/c/base" && cp "$REPO"/src/base/*.h "$dir/c/base/"
	tar -cf "$dir/tree.tar" -C "$dir/repo" --exclude .git .
	cat >"$dir/run" <<-'END'
	#!/bin/bash
	# WORK: does it four times in one login, and says how many milliseconds each took, and of the processor
	cd ~/work || exit 1
	work() {
		case $1 in
		git) git -C repo status --porcelain >/dev/null ;;
		tar) tar -xf tree.tar -C out ;;
		cc) for f in c/[a-e]*.c; do gcc -std=gnu17 -D_GNU_SOURCE -O1 -Ic -c -o "${f%.c}.o" "$f" || exit 1; done ;;
		write) dd if=/dev/zero of=big bs=1M count=$2 conv=fsync status=none ;;
		esac || exit 1
	}
	TIMEFORMAT='%R %U %S'
	for round in 1 2 3 4; do
		rm -rf out && mkdir out
		times=($({ time work "$@"; } 2>&1 | tr -d .)) || exit 1
		echo "$((10#${times[0]})) $((10#${times[1]} + 10#${times[2]}))"
	done
	END
	chmod +x "$dir/run"
}

works() {
	local name short round user users="real kept bare"
	for user in $users; do
		work_files /home/$user
		chown -R $user: /home/$user
	done
	for name in git tar cc "write $MEGABYTES"; do
		short=${name% *}
		step "in a home: $short"
		for ((round = 0; round <= ROUNDS; round++)); do
			bare_mount bare
			for user in $users; do
				inside $user "~/work/run $name" >"$B/times" || exit 1
				[ $round -gt 0 ] || continue # this one has copied up
				head -n 1 "$B/times" >>"$B/${short}_first.$user"
				tail -n +2 "$B/times" >>"$B/$short.$user"
			done
		done
		for name in $short ${short}_first; do
			for user in $users; do
				middle "${name}_$user" 1 "$B/$name.$user"
				middle "${name}_cpu_$user" 2 "$B/$name.$user"
			done
			ratio "home_$name" "${name}_kept" "${name}_real"
			ratio "home_${name}_floor" "${name}_bare" "${name}_real"
			ratio "home_${name}_cpu" "${name}_cpu_kept" "${name}_cpu_real"
			ratio "home_${name}_cpu_floor" "${name}_cpu_bare" "${name}_cpu_real"
		done
	done
}

# Milliseconds that a command takes, the disk at rest before.
timed() { # NAME COMMAND...
	local begin name=$1
	shift
	sync
	begin=$(date +%s%N)
	"$@" >/dev/null || die "$*: failed"
	printf '%s\t%s\n' "$name" "$((($(date +%s%N) - begin) / 1000000))" >>"$RAW"
}

# ---- logins ---------------------------------------------------------------------------------------------------

logins() {
	local i
	step "logins: $MANY files in the upper"
	inside many "mkdir ~/many && cd ~/many && python3 -c '
import os
for i in range($MANY // 1000):
    os.mkdir(str(i))
    for j in range(1000):
        os.close(os.open(\"%d/%d\" % (i, j), os.O_CREAT | os.O_WRONLY, 0o600))
'"
	race 60 "pam=open_few_files:bench-kept few" "pam=open_many_files:bench-kept many"
	ratio open_many_files open_many_files open_few_files
	step "logins: snapshots"
	for i in {1..40}; do
		inside deep "echo $i >~/file$i"
		out deep
		$CTL home deep snapshot "s$i" >/dev/null || die "no snapshot"
	done
	inside few "echo 1 >~/file"
	out few
	$CTL home few snapshot s1 >/dev/null || die "no snapshot"
	race 60 "pam=open_one_snapshot:bench-kept few" "pam=open_40_snapshots:bench-kept deep"
	ratio open_40_snapshots open_40_snapshots open_one_snapshot
}

# ---- commit and discard ---------------------------------------------------------------------------------------

fill() { # USER: many small files, as a program would make them
	inside "$1" "mkdir ~/fill && cd ~/fill && python3 -c '
import os
for i in range($FILES // 100):
    os.mkdir(str(i))
    for j in range(100):
        with open(\"%d/%d\" % (i, j), \"w\") as f:
            f.write(\"some bytes \" * 40)
'"
}

by_hand() { # FROM TO
	cp -a "$1" "$2" && sync -f "$2" && rm -rf "$2" && sync -f "$1"
}

changes() {
	step "commit and discard: $FILES files"
	fill kept
	out kept
	timed cp cp -a "$STORE/home/$(id -u kept)/data/up/fill" $B/disk/tmp/copy
	timed commit $CTL home kept commit
	timed rm rm -rf $B/disk/tmp/copy
	timed bare by_hand $B/disk/home/kept/fill $B/disk/tmp/copy # what commit does, without its promises
	[ -e /home/kept/fill/0/0 ] || die "commit has committed nothing"
	fill few
	out few
	timed discard $CTL home few discard --yes
	timed discard_all $CTL home few gc
	ratio commit_vs_cp commit cp
	ratio commit_floor bare cp
	ratio discard_vs_rm discard rm
}

# ---- images ---------------------------------------------------------------------------------------------------

# A root that logins open, and a gigabyte of ballast in it.
images() {
	local dir=$B/disk/images/directory name
	step "an image of $MEGABYTES MB"
	for name in etc home proc sys dev run tmp var/tmp var/log root usr/bin bin sbin lib; do mkdir -p "$dir/$name"; done
	cp /etc/passwd /etc/group /etc/nsswitch.conf "$dir/etc/"
	for ((i = 0; i < MEGABYTES; i += 8)); do head -c 8M /dev/urandom >$dir/ballast$i; done
	timed image_add $CTL image add bench $dir
	race 60 "pam=open_directory:bench-directory few" "pam=open_file:bench-file few"
	ratio open_image_file open_file open_directory
}

mount --make-rprivate /
ip link set lo up
stage_files "$REPO" "$CARREL_BUILD"
cp "$CARREL_BUILD"/carrel-keeper $B/ 2>/dev/null
stage_cgroup
disk_make
policies_make
stage_ssh
sleep 1
for part in ${BENCH_ONLY:-works logins changes images}; do $part; done
step done
echo "$(uname -srm), $(nproc) CPUs, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)"
table "${GOALS[@]}"
