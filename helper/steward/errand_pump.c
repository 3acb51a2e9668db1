// SPDX-License-Identifier: Apache-2.0
/*
 * Sockets of the room's in place of standard input, output and error: the program gets pipes, and what goes through
 * them is copied here. Who holds a socket's other end can be given a pidfd of whoever writes into it (SO_PASSPIDFD),
 * and by that the descriptors of a program that is not set-id.
 *
 * Runs in: the child of carrel-steward that serves this errand, root. It never waits: its caller polls.
 * R1: what is written into a socket has the asker's ids, never root's: others may act on a message's credentials.
 * R2: of the room's input no more is taken than the program has read: the rest is the next program's.
 * R3: no socket is shut down: the room's other programs have it, too.
 */
#include "helper/steward/errand_pump.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/scope.h"

#define PIPE_SIZE 4096 /* one page: it takes more only when it is empty */

/* R3: closed, and no more than that. */
static void drop(struct crl_errand_stream *s)
{
	drop_fd(&s->sock);
	drop_fd(&s->pipe);
	s->len = s->off = 0;
}

static bool is_stream(int fd)
{
	int domain = 0, type = 0;
	socklen_t a = sizeof(domain), b = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &a) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &b) == 0 && type == SOCK_STREAM &&
	       (domain == AF_UNIX || domain == AF_INET || domain == AF_INET6);
}

/* A pipe in the place of @fd, which becomes ours. Returns 0 or -errno. */
static int interpose(struct crl_errand_stream *s, int *fd, bool input)
{
	scoped_fd theirs = -EBADF, ours = -EBADF;
	int p[2];

	if (!is_stream(*fd))
		return -ESOCKTNOSUPPORT;
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	theirs = p[input ? 0 : 1];
	ours = p[input ? 1 : 0];
	if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0 || (input && fcntl(ours, F_SETPIPE_SZ, PIPE_SIZE) < 0))
		return -errno;
	s->sock = *fd;
	s->pipe = take_fd(&ours);
	*fd = take_fd(&theirs);
	return 0;
}

int crl_errand_pump_begin(struct crl_errand_pump *pump, int fd[CRL_ERRAND_FDS], uint32_t uid, uint32_t gid,
			  struct crl_err *err)
{
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	struct stat st[CRL_ERRAND_FDS];
	int rc = 0;

	pump->uid = uid;
	pump->gid = gid;
	for (int i = 0; i < CRL_ERRAND_FDS; i++)
		if (fstat(fd[i], &st[i]) < 0)
			rc = -errno;
	(void)sigaction(SIGPIPE, &ignored, NULL); /* the program has its own again */
	for (int i = 0; i < CRL_ERRAND_FDS && rc == 0; i++) {
		if (!S_ISSOCK(st[i].st_mode))
			continue;
		if (i == 2 && S_ISSOCK(st[1].st_mode) && st[2].st_dev == st[1].st_dev && st[2].st_ino == st[1].st_ino)
			rc = dup3(fd[1], fd[2], O_CLOEXEC) < 0 ? -errno : 0; /* one pipe keeps what was said in order */
		else
			rc = interpose(&pump->stream[i], &fd[i], i == 0);
	}
	if (rc == -ESOCKTNOSUPPORT)
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST,
				   "standard input, output or error is a socket that is no stream");
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_REQUEST, "cannot make a pipe") : 0;
}

/* R2: take from the socket what the program has read of what was shown to it. */
static void settle(struct crl_errand_stream *s)
{
	int unread = 0;
	size_t n;

	if (s->len == 0 || ioctl(s->pipe, FIONREAD, &unread) < 0 || unread < 0 || (size_t)unread > s->len)
		return;
	n = s->len - (size_t)unread;
	s->len = (size_t)unread;
	while (n > 0) {
		ssize_t got = recv(s->sock, s->buf, n, MSG_DONTWAIT);

		if (got <= 0)
			return; /* somebody else in the room took it */
		n -= (size_t)got;
	}
}

static void step_in(struct crl_errand_stream *s, short revents)
{
	ssize_t n;

	settle(s);
	if (s->len > 0) {
		if (revents & POLLERR)
			drop(s); /* nobody reads it any more */
		return;
	}
	n = recv(s->sock, s->buf, sizeof(s->buf), MSG_DONTWAIT | MSG_PEEK);
	if (n > 0)
		n = write(s->pipe, s->buf, (size_t)n);
	if (n > 0)
		s->len = (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		drop(s); /* its end is the program's end of file */
}

/* R1. Returns what went, or -1. */
static ssize_t send_as(const struct crl_errand_pump *pump, const struct crl_errand_stream *s)
{
	const struct ucred cred = {.pid = getpid(), .uid = pump->uid, .gid = pump->gid};
	union {
		char space[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_base = crl_unconst(s->buf + s->off), .iov_len = s->len - s->off};
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(cred));
	memcpy(CMSG_DATA(c), &cred, sizeof(cred));
	return sendmsg(s->sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void step_out(const struct crl_errand_pump *pump, struct crl_errand_stream *s)
{
	ssize_t n;

	if (s->off == s->len) {
		n = read(s->pipe, s->buf, sizeof(s->buf));
		if (n < 0 && (errno == EINTR || (errno == EAGAIN && !pump->ended)))
			return;
		if (n <= 0) {
			drop(s);
			return;
		}
		s->off = 0;
		s->len = (size_t)n;
	}
	n = send_as(pump, s);
	if (n > 0)
		s->off += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		drop(s); /* the program hears of it as of a socket: by SIGPIPE */
}

void crl_errand_pump_step(struct crl_errand_pump *pump, const struct pollfd p[CRL_ERRAND_FDS])
{
	for (int i = 0; i < CRL_ERRAND_FDS; i++) {
		struct crl_errand_stream *s = &pump->stream[i];

		if (s->pipe < 0 || !p[i].revents)
			continue;
		if (i == 0)
			step_in(s, p[i].revents);
		else
			step_out(pump, s);
	}
}

void crl_errand_pump_end(struct crl_errand_pump *pump)
{
	pump->ended = true;
	settle(&pump->stream[0]);
	drop(&pump->stream[0]);
}

bool crl_errand_pump_polls(struct crl_errand_pump *pump, struct pollfd p[CRL_ERRAND_FDS])
{
	bool any = false;

	for (int i = 0; i < CRL_ERRAND_FDS; i++) {
		struct crl_errand_stream *s = &pump->stream[i];
		bool waits = i == 0 ? s->len > 0 : s->off < s->len; /* for room to write */

		if (i > 0 && pump->ended && s->pipe >= 0 && !waits) {
			step_out(pump, s); /* all that is there, but not what others may write later */
			waits = s->off < s->len;
		}
		p[i] = (struct pollfd){.fd = -1, .events = waits ? POLLOUT : POLLIN};
		if (s->pipe >= 0)
			p[i].fd = waits == (i == 0) ? s->pipe : s->sock;
		any |= s->pipe >= 0;
	}
	return any;
}
