# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# /usr of the stage's own, with carrel where `make install` puts it. Sourced.

carrel_install() {
	local pam
	pam=$(dirname "$(find /usr/lib -name pam_unix.so | head -n 1)")
	mkdir "$STAGE/usr" "$STAGE/usr.work"
	mount -t overlay -o "lowerdir=/usr,upperdir=$STAGE/usr,workdir=$STAGE/usr.work" stage /usr || die "no overlay on /usr"
	install -D -m 0755 -t /usr/libexec/carrel "$STAGE_LIB"/carrel-{helper,steward,errand}
	install -m 0755 "$STAGE_LIB/carrelctl" /usr/sbin/carrelctl
	install -m 0644 "$STAGE_LIB/pam_carrel.so" "$pam/pam_carrel.so"
	mkdir -p /usr/share/carrel
	cp -r "$STAGE"/data/{policies,syscalls.conf} /usr/share/carrel/
}
