// SPDX-License-Identifier: Apache-2.0
/*
 * See service.h. Source: systemd.exec(5), capabilities(7); what each costs was tried, docs/install.md has all of it.
 *
 * Runs in: helper, carrelctl. Pure data.
 */
#include "base/service.h"

#include <linux/capability.h>

#include "base/scope.h"

const struct crl_wanted_cap crl_wanted_caps[] = {
	{CAP_SYS_ADMIN, "CAP_SYS_ADMIN", CRL_WANT_ALWAYS, "DynamicUser="},
	{CAP_SYS_CHROOT, "CAP_SYS_CHROOT", CRL_WANT_ROOM, NULL},
	{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", CRL_WANT_ROOM, NULL},
	{CAP_SETUID, "CAP_SETUID", CRL_WANT_ROOM, NULL},
	{CAP_SETGID, "CAP_SETGID", CRL_WANT_ROOM, NULL},
	{CAP_SETPCAP, "CAP_SETPCAP", CRL_WANT_ALWAYS, NULL},
	{CAP_CHOWN, "CAP_CHOWN", CRL_WANT_ROOM, NULL},
	{CAP_KILL, "CAP_KILL", CRL_WANT_ALWAYS, NULL},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", CRL_WANT_NET, NULL},
	{CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE", CRL_WANT_OVERLAY, NULL},
	{CAP_FOWNER, "CAP_FOWNER", CRL_WANT_OVERLAY, NULL},
	{CAP_SYS_TIME, "CAP_SYS_TIME", CRL_WANT_TIME, "ProtectClock="},
};
const size_t crl_wanted_caps_len = CRL_ARRAY_LEN(crl_wanted_caps);

const struct crl_service_option crl_service_options[] = {
	{"RestrictNamespaces", "no room can be made", true},
	{"ProtectHostname", "rooms show the host's name", false},
	{"RestrictSUIDSGID",
	 "sockets on file servers, or made anew, stay open to rooms, and set-ID bits cannot be set in them", false},
	{"ProtectClock", "rooms have the host's uptime", false},
};
const size_t crl_service_options_len = CRL_ARRAY_LEN(crl_service_options);
