# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Starting a guest, talking to it, ending it. Sourced by run.sh, shell.sh and, for the talking, by the suites.
#
# GUEST_DIR is the run's own directory: keys, ssh_config, console, pid.
# guest COMMAND    as root in the guest, beside PAM; standard input, output and exit status are the command's
# login USER CMD   a real SSH login from outside, through everything that is tested

# Both end a guest that hangs; one that is slow, on a machine with other work, is waited for.
GUEST_BOOT_LIMIT=${GUEST_BOOT_LIMIT:-900} # seconds until the guest answers
GUEST_LIMIT=${GUEST_LIMIT:-480}           # seconds one command may take

free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000)) # below those that the kernel gives to clients
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo $port
}

guest_keys() {
	ssh-keygen -q -t ed25519 -N '' -C guest -f "$GUEST_DIR/id"
	ssh-keygen -q -t ed25519 -N '' -C guest -f "$GUEST_DIR/hostkey"
	echo "carrel-guest $(cut -d' ' -f1,2 "$GUEST_DIR/hostkey.pub")" >"$GUEST_DIR/known_hosts"
	cat >"$GUEST_DIR/ssh_config" <<-END
	Host control
	  User root
	  Port $1
	  ControlMaster auto
	  ControlPath $GUEST_DIR/control
	  ControlPersist 600
	Host door
	  Port $2
	Host *
	  HostName 127.0.0.1
	  HostKeyAlias carrel-guest
	  IdentityFile $GUEST_DIR/id
	  IdentitiesOnly yes
	  UserKnownHostsFile $GUEST_DIR/known_hosts
	  GlobalKnownHostsFile /dev/null
	  StrictHostKeyChecking yes
	  CheckHostIP no
	  LogLevel ERROR
	  BatchMode yes
	  ConnectTimeout 200
	  ExitOnForwardFailure yes
	  # The default one is most of what a login takes of an emulated processor.
	  KexAlgorithms curve25519-sha256
	  ServerAliveInterval 20
	  ServerAliveCountMax 60
	END
}

# Is what the guest runs built with its own compiler and libraries? GUEST_NATIVE=no: with this host's, as a package would be
# that is for several releases.
builds_apart() { # IMAGE
	[ -d "$1/builder" ] && [ "${GUEST_NATIVE-}" != no ]
}

# What the machine is, and what makes programs for it. An arm64 signs pointers by what is quick to emulate.
case ${GUEST-} in
*-arm64)
	GUEST_MACHINE=(qemu-system-aarch64 -machine virt -cpu "max,pauth-impdef=on")
	GUEST_CONSOLE=ttyAMA0
	GUEST_CROSS=(CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar)
	;;
*)
	GUEST_MACHINE=(qemu-system-x86_64 -machine q35 -cpu max)
	GUEST_CONSOLE=ttyS0
	GUEST_CROSS=()
	;;
esac

case ${GUEST-} in
*-selinux) GUEST_LINE="security=selinux selinux=1 audit=1" ;;
*) GUEST_LINE= ;;
esac

# guest_make IMAGE REPOSITORY BUILD ARGUMENT...: make; for a guest that is another Debian with that one's compiler and
# libraries, in mounts of its own. What the arguments name is below REPOSITORY, BUILD or GUEST_DIR.
guest_make() {
	local image=$1 repo=$2 build=$3
	shift 3
	if ! builds_apart "$image"; then
		make -s -C "$repo" BUILD="$build" "$@"
		return
	fi
	mkdir -p "$build"
	unshare -m bash -euc '
		image=$1 places=("$2" "$3" $4)
		mount -t tmpfs -o mode=0755 guest /mnt
		mkdir /mnt/{upper,work,root}
		mount -t overlay -o "lowerdir=$image/builder,upperdir=/mnt/upper,workdir=/mnt/work" guest /mnt/root
		for place in /dev /proc "${places[@]}"; do
			mkdir -p "/mnt/root$place"
			mount --rbind "$place" "/mnt/root$place"
		done
		chroot /mnt/root env -i PATH="$PATH" make -s -C "$2" BUILD="$3" "${@:5}"' \
		guest "$image" "$repo" "$build" "${GUEST_DIR-}" "${GUEST_CROSS[@]}" "$@" </dev/null
}

# The second disk: what this run lays over the system.
guest_payload() { # IMAGE REPOSITORY BUILD
	local tree=$GUEST_DIR/payload image=$1
	shift
	mkdir -p "$tree"/{etc/ssh,etc/guest,opt/guest}
	guest_make "$image" "$1" "$2" DESTDIR="$tree" install >/dev/null || return 1
	install -m 0600 "$GUEST_DIR/hostkey" "$tree/etc/ssh/ssh_host_ed25519_key"
	install -m 0644 "$GUEST_DIR/hostkey.pub" "$tree/etc/ssh/ssh_host_ed25519_key.pub"
	install -m 0644 "$GUEST_DIR/id.pub" "$tree/etc/guest/keys"
	cp -r "$1/tests" "$1/conf" "$1/docs" "$tree/opt/guest/"
	mkdir -p "$tree/opt/guest/build/tests"
	cp "$2/pam_carrel.so" "$2"/carrel-* "$2"/carrel{,ctl} "$tree/opt/guest/build/"
	cp -r "$2/tests/lib" "$2/tests/fault" "$tree/opt/guest/build/tests/"
	mkdir -p "$tree"/opt/guest/build/tests/live/{plan,store}
	cp "$2/tests/live/plan/test_filter_oracle" "$tree/opt/guest/build/tests/live/plan/"
	cp "$2"/tests/live/store/test_{entry,form,gc} "$tree/opt/guest/build/tests/live/store/"
	cp "$2/tests/lib/syslogd" "$tree/opt/guest/"
	mkdir "$tree/opt/guest/deb"
	cp "$GUEST_DEBS"/carrel_*.deb "$tree/opt/guest/deb/" 2>/dev/null # when the suite of that name is to run
	chown -R 0:0 "$tree"
	tar -C "$tree" -cf "$GUEST_DIR/payload.tar" --owner=0 --group=0 .
	truncate -s '%512' "$GUEST_DIR/payload.tar"
	rm -rf "$tree"
}

# guest_start KIND IMAGE REPOSITORY BUILD: KIND is systemd or plain
guest_start() {
	local kind=$1 image=$2 control door plain=
	control=$(free_port)
	until door=$(free_port) && [ "$door" != "$control" ]; do :; done
	[ "$kind" != plain ] || plain=carrel.plain
	guest_keys "$control" "$door"
	guest_payload "$image" "$3" "$4" || { echo "guest: cannot pack carrel" >&2; return 1; }
	setpriv --pdeathsig KILL "${GUEST_MACHINE[@]}" -accel "${GUEST_ACCEL:-tcg,thread=multi}" \
		-smp 2 -m 2048 -nodefaults -display none \
		-serial "file:$GUEST_DIR/console" -kernel "$image/vmlinuz" -initrd "$image/initrd" \
		-append "console=$GUEST_CONSOLE quiet mitigations=off net.ifnames=0 $plain $GUEST_LINE" \
		-drive "file=$image/root.ext4,format=raw,if=virtio,snapshot=on" \
		-drive "file=$GUEST_DIR/payload.tar,format=raw,if=virtio,readonly=on" \
		-netdev "user,id=n,restrict=on,hostfwd=tcp:127.0.0.1:$control-:2222,hostfwd=tcp:127.0.0.1:$door-:22" \
		-device virtio-net-pci,netdev=n -device virtio-rng-pci </dev/null >"$GUEST_DIR/qemu.log" 2>&1 &
	GUEST_PID=$!
	guest_wait
}

# The runner's own sshd may be up before Debian's is, and before systemd lets people in (pam_nologin(8)). In /proc/net/tcp
# port 22 is 0016, and state 0A is "listening".
door_wait() {
	guest "for i in \$(seq $((GUEST_LIMIT * 2))); do
		! test -e /run/nologin && grep -qE ':0016 [0-9A-F:]+ 0A' /proc/net/tcp /proc/net/tcp6 && exit 0
		sleep 0.5; done; exit 1" </dev/null
}

guest_wait() {
	local deadline=$((SECONDS + GUEST_BOOT_LIMIT))
	until timeout 90 ssh -F "$GUEST_DIR/ssh_config" -o ConnectTimeout=5 control true </dev/null >/dev/null 2>&1; do
		if ! kill -0 "$GUEST_PID" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
			echo "guest: did not come up; its last words:" >&2
			tail -n 25 "$GUEST_DIR/console" "$GUEST_DIR/qemu.log" >&2
			return 1
		fi
		sleep 0.5
	done
	door_wait || { echo "guest: sshd does not listen" >&2; return 1; }
}

guest_end() {
	[ -n "${GUEST_PID-}" ] || return 0
	ssh -F "$GUEST_DIR/ssh_config" -O exit control >/dev/null 2>&1
	kill -KILL "$GUEST_PID" 2>/dev/null
	wait "$GUEST_PID" 2>/dev/null
	GUEST_PID=
}

guest() {
	timeout --foreground "$GUEST_LIMIT" ssh -F "$GUEST_DIR/ssh_config" control "$@"
}

login() {
	local user=$1
	shift
	timeout --foreground "$GUEST_LIMIT" ssh -F "$GUEST_DIR/ssh_config" "$user@door" "$@"
}

login_tty() {
	local user=$1
	shift
	timeout --foreground "$GUEST_LIMIT" ssh -tt -F "$GUEST_DIR/ssh_config" "$user@door" "$@" </dev/null | tr -d '\r'
}

# The same guest once more, from its disk as it is now.
guest_reboot() {
	local before
	before=$(guest 'cat /proc/sys/kernel/random/boot_id')
	guest 'systemctl reboot' >/dev/null 2>&1 </dev/null
	ssh -F "$GUEST_DIR/ssh_config" -O exit control >/dev/null 2>&1
	local deadline=$((SECONDS + GUEST_BOOT_LIMIT))
	while [ $SECONDS -lt $deadline ]; do
		sleep 2
		[ "$(timeout 60 ssh -F "$GUEST_DIR/ssh_config" -o ConnectTimeout=5 control 'cat /proc/sys/kernel/random/boot_id' \
			</dev/null 2>/dev/null)" != "$before" ] || continue
		timeout 60 ssh -F "$GUEST_DIR/ssh_config" control true </dev/null >/dev/null 2>&1 && door_wait && return 0
	done
	return 1
}
