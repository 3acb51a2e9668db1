// SPDX-License-Identifier: Apache-2.0
/*
 * A network with a way out, of a room that its user makes: pasta(1), as the user, outside.
 *
 *  R1  The room is there with its way out, or not at all: pasta has said that it is ready before init goes on.
 *  R2  It forwards nothing into the room, and the host's loopback is not reached by it: neither as the gateway, nor by
 *      packets that are for 127.0.0.0/8 (xfrm.h), but the name server where the host's is there.
 *  R3  It ends with the outer process, whoever kills that.
 *
 * Runs in: carrel-shell, outside, and the room's init. pasta is in the first of the room's user namespaces, which the
 * user's processes have no say over, and outside of its processes. Source: pasta(1) of 2023 and later.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "apply/net/resolv_host.h"
#include "apply/net/xfrm.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/log.h"
#include "plan/rootless.h"
#include "shell/alone/room.h"
#include "state/published.h"

#define SERVICE "198.18.0.1" /* where the host's loopback is asked for names; of RFC 2544, as in the rooms of PAM */
#define TUN "/dev/net/tun"
#define READY_MS 10000
#define SAID_MAX 512 /* bytes of what pasta says */

static bool is_wanted(const struct alone_room *room)
{
	return room->published->policy.net_mode == CRL_NET_NAT;
}

int alone_way_look(struct alone_room *room, struct crl_err *err)
{
	if (access(TUN, R_OK | W_OK) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE,
				   "network.mode: " TUN " cannot be used (module tun, mode 0666)");
	if (crl_resolvhost_make(SERVICE, &room->resolv) < 0)
		return crl_err_set(err, ENOMEM, CRL_STAGE_NAMESPACE, "out of memory");
	room->host.resolv = room->resolv.text;
	return 0;
}

/* R2. pasta writes its own number, once it is ready, to its standard output. */
static _Noreturn void be_pasta(const struct alone_room *room, pid_t outer, int out, int said)
{
	char pid[16];
	bool ask = room->resolv.loopback[0] != '\0'; /* which it finds in resolv.conf by itself */
	const char *const argv[] = {CRL_PASTA,
				    "--quiet",
				    "--foreground",
				    "--ipv4-only",
				    "--config-net",
				    "--no-map-gw",
				    "--no-dhcp",
				    "--no-dhcpv6",
				    "--no-ra",
				    "--no-ndp",
				    "-t",
				    "none",
				    "-u",
				    "none",
				    "-T",
				    "none",
				    "-U",
				    "none",
				    "-I",
				    "eth0",
				    "--search",
				    "none",
				    "--pid",
				    "/dev/stdout",
				    ask ? "--dns-forward" : "--dns",
				    ask ? SERVICE : "none",
				    pid,
				    NULL};
	static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	(void)snprintf(pid, sizeof(pid), "%d", (int)room->init);
	(void)sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != outer) /* R3 */
		_exit(127);
	(void)setsid(); /* so that no terminal signals it */
	if (null >= 0 && dup2(null, 0) == 0 && dup2(out, 1) == 1 && dup2(said, 2) == 2 && close_range(3, ~0u, 0) == 0 &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0)
		(void)execve(CRL_PASTA, crl_unconst(argv), crl_unconst(env));
	_exit(127);
}

/* What it says fits, or is lost: whoever reads nothing of a pipe would stop it. */
static int make_said(void)
{
	int fd = memfd_create("pasta", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, SAID_MAX) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd); /* of no use */
	return -1;
}

/* R1. A line is its number, and it is ready; the end is its own. */
static bool is_ready(int out)
{
	const int64_t until = crl_now_ms() + READY_MS;
	struct pollfd p = {.fd = out, .events = POLLIN};
	char byte;

	for (;;) {
		int64_t left = until - crl_now_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || read(out, &byte, 1) != 1)
			return false;
		if (byte == '\n')
			return true;
	}
}

/* The last line of what it has said is the cause. */
static int refuse(int said, struct crl_err *err)
{
	char text[SAID_MAX + 1] = "";
	char *last = text;

	crl_ignore(pread(said, text, SAID_MAX, 0) < 0); /* nothing, then */
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strstr(line, "syslog") && !strstr(line, "AVX2")) /* of which it complains beside */
			last = line;
	for (char *c = last; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return crl_err_set(err, ENETUNREACH, CRL_STAGE_NAMESPACE, "network.mode: " CRL_PASTA " gives no network: %s",
			   *last ? last : "it says nothing");
}

int alone_way_open(struct alone_room *room, struct crl_err *err)
{
	const pid_t outer = getpid();
	scoped_fd in = -EBADF, out = -EBADF, said = -EBADF;
	int pair[2];

	if (!is_wanted(room))
		return 0;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a pipe");
	in = pair[0];
	out = pair[1];
	said = make_said();
	if (said < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a file for what pasta says");
	room->pasta = fork();
	if (room->pasta == 0)
		be_pasta(room, outer, out, said);
	if (room->pasta < 0) {
		room->pasta = 0;
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot start " CRL_PASTA);
	}
	drop_fd(&out); /* so that there is an end */
	if (is_ready(in))
		return 0;
	alone_way_close(room);
	return refuse(said, err);
}

/* R2 */
int alone_way_guard(const struct alone_room *room, struct crl_err *err)
{
	int rc = is_wanted(room) ? crl_xfrm_keep_loopback() : 0;

	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_NAMESPACE,
				    "network.mode: cannot keep the host's loopback from the room (module xfrm_user)")
		      : 0;
}

void alone_way_watch(struct alone_room *room)
{
	if (room->pasta <= 0 || waitpid(room->pasta, NULL, WNOHANG) != room->pasta)
		return;
	room->pasta = 0;
	crl_log(LOG_WARNING, "carrel-shell uid=%u: pasta has ended, and the room has no way out any more", getuid());
}

void alone_way_close(struct alone_room *room)
{
	if (room->pasta <= 0)
		return;
	(void)kill(room->pasta, SIGKILL);
	while (waitpid(room->pasta, NULL, 0) < 0 && errno == EINTR)
		;
	room->pasta = 0;
}
