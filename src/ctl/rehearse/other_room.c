// SPDX-License-Identifier: Apache-2.0
/* See other_room.h. */
#include "ctl/rehearse/other_room.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/err.h"
#include "base/scope.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"

#define OTHERS_MAX 4 /* users whose rooms are tried: a directory may list without end */
#define READY_WAIT_MS 5000

/* ---- who listens there ---- */

/* Of both families, or of IPv4 where there is no other. Returns a descriptor or -1. */
static int listen_anywhere(uint16_t *ret_port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	socklen_t size = sizeof(a);
	int off = 0, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool six = fd >= 0;

	if (!six)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || (six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
	    (six ? bind(fd, (const struct sockaddr *)&a, sizeof(a))
		 : bind(fd, (const struct sockaddr *)&four, sizeof(four))) < 0 ||
	    listen(fd, 16) < 0 || getsockname(fd, (struct sockaddr *)&a, &size) < 0)
		return -1;
	*ret_port = ntohs(a.sin6_port); /* where sockaddr_in has its own, too */
	return fd;
}

/* An address that means the same to whoever asks it; not those of one link. */
static bool read_address(const struct sockaddr *from, struct ctl_network_target *ret)
{
	const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;

	if (from->sa_family == AF_INET)
		memcpy(ret->address, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	else if (from->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(six))
		memcpy(ret->address, six, sizeof(*six));
	else
		return false;
	ret->family = from->sa_family;
	return true;
}

static void list_addresses(uint16_t port, struct ctl_other_room *io)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *a = all; a && io->ats < CRL_ARRAY_LEN(io->at); a = a->ifa_next) {
		struct ctl_network_target *t = &io->at[io->ats];

		t->port = port;
		io->ats += a->ifa_addr && read_address(a->ifa_addr, t);
	}
	freeifaddrs(all);
}

/* R1. @io  its word is there; with the addresses it goes to @out */
static _Noreturn void be_listener(pid_t carrelctl, pid_t stand_in, struct ctl_other_room *io, int out)
{
	char path[40];
	uint16_t port;
	int ns, fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)stand_in); /* fits */
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (!crl_child_ends_with(carrelctl) || ns < 0 || setns(ns, CLONE_NEWNET) < 0 ||
	    (fd = listen_anywhere(&port)) < 0)
		_exit(1);
	list_addresses(port, io);
	if (write(out, io, sizeof(*io)) != (ssize_t)sizeof(*io))
		_exit(1);
	(void)close(out);
	for (;;) {
		int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (peer >= 0 && send(peer, io->word, strlen(io->word), MSG_NOSIGNAL) < 0)
			(void)poll(NULL, 0, 10); /* it has gone already */
		if (peer >= 0)
			(void)close(peer);
	}
}

/* @io  whose room it is; the rest is filled in. Returns who listens, or -1: nobody, and @io has no address. */
static pid_t start_listener(pid_t stand_in, struct ctl_other_room *io)
{
	scoped_fd in = -EBADF, out = -EBADF;
	struct ctl_other_room said;
	struct pollfd p = {.events = POLLIN};
	pid_t self = getpid(), pid;
	uint64_t word = 0;
	int pair[2];

	if (getrandom(&word, sizeof(word), 0) != sizeof(word) || pipe2(pair, O_CLOEXEC) < 0)
		return -1;
	in = p.fd = pair[0];
	out = pair[1];
	(void)snprintf(io->word, sizeof(io->word), "%016" PRIx64, word);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		be_listener(self, stand_in, io, out);
	drop_fd(&out);
	if (pid > 0 && poll(&p, 1, READY_WAIT_MS) == 1 && read(in, &said, sizeof(said)) == (ssize_t)sizeof(said))
		*io = said;
	return pid;
}

static void end_listener(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- the room ---- */

struct room_beside {
	const struct ctl *c;
	struct ctl_rehearsal *r;
	struct crl_err *err;
	const char *user; /* whose the other room is */
	bool ran;
	int rc;
};

/* The other room stands. */
static void run_beside(void *arg, pid_t stand_in)
{
	struct room_beside *b = arg;
	struct ctl_other_room *other = &b->r->scene.other;
	pid_t listener;

	*other = (struct ctl_other_room){.ats = 0};
	(void)snprintf(other->user, sizeof(other->user), "%s", b->user);
	listener = start_listener(stand_in, other);
	b->ran = true;
	b->rc = ctl_rehearse_room(b->c, b->r, b->err);
	end_listener(listener);
}

/* Returns whether @b was run, or is not to be any more. */
static bool try_user(struct room_beside *b, const char *user)
{
	scoped_free struct ctl_person *who = calloc(1, sizeof(*who));
	struct ctl_rehearsal other = {.who = who, .policy = b->r->policy, .standing = run_beside, .arg = b};
	struct crl_err err = {0};
	int rc;

	if (!who || ctl_person_of(b->c, user, who, &err) < 0 || ctl_is_exempt(b->c, &who->login))
		return false;
	b->user = user;
	rc = ctl_rehearse_room(b->c, &other, &err);
	b->r->left_over |= other.left_over;
	if (rc != -EINTR || b->ran)
		return b->ran;
	*b->err = err;
	b->rc = rc;
	return true;
}

struct other_names {
	const char *but;
	char name[OTHERS_MAX][CRL_USER_MAX];
	size_t len;
};

static bool add_name(void *arg, const char *user)
{
	struct other_names *n = arg;

	if (strcmp(user, n->but) != 0)
		(void)snprintf(n->name[n->len++], sizeof(n->name[0]), "%s", user);
	return n->len < OTHERS_MAX;
}

int ctl_rehearse_beside(const struct ctl *c, struct ctl_rehearsal *r, struct crl_err *err)
{
	struct room_beside b = {.c = c, .r = r, .err = err};
	struct other_names others = {.but = r->who->login.user};

	r->scene.other = (struct ctl_other_room){.ats = 0};
	ctl_each_person(add_name, &others);
	for (size_t i = 0; i < others.len; i++)
		if (try_user(&b, others.name[i]))
			return b.rc;
	return ctl_rehearse_room(c, r, err);
}
