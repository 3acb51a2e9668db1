# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Prometheus as Debian has it, without a package installed: 19 MB are asked for once, outside of any stage, since a stage has no
# network. Sourced. Environment: CARREL_GUEST_CACHE (default /var/cache/carrel-guest), as for the guest's images

# Where prometheus and promtool are, or shall be.
prometheus_place() {
	echo "${CARREL_GUEST_CACHE:-/var/cache/carrel-guest}/prometheus"
}

# Get them, if they are not there. No server is started by it, as installing the package would.
prometheus_get() {
	local place
	place=$(prometheus_place)
	mkdir -p "$place"
	(
		flock 9
		[ ! -x "$place/prometheus" ] || exit 0
		fresh=$(mktemp -d "$place.XXXXXX")
		trap 'rm -rf "$fresh"' EXIT
		cd "$fresh" && apt-get -o APT::Sandbox::User=root download prometheus && dpkg-deb -x prometheus_*.deb . &&
			mv usr/bin/promtool usr/bin/prometheus "$place"
	) 9>"$place.lock" >"$place.log" 2>&1
}
