// SPDX-License-Identifier: Apache-2.0
/*
 * Control data of messages, out and in.
 *
 * Owns: R1 a refused message leaves no descriptor open; R2 nothing but what the rule names comes in.
 */
#include "wire/fds.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"

/* How much of it the kernel may use is what a rule allows, and no more: where that is too little it sets MSG_CTRUNC. */
union fds_control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int) * CRL_FDS_MAX) + CMSG_SPACE(sizeof(struct ucred))];
};

static int peer_errno(int e)
{
	return e == ECONNRESET || e == ENOTCONN || e == ECONNREFUSED ? -EPIPE : e == EWOULDBLOCK ? -EAGAIN : -e;
}

void crl_fds_done(struct crl_fds *f)
{
	for (size_t i = 0; i < CRL_FDS_MAX; i++)
		drop_fd(&f->fd[i]);
	f->len = 0;
}

int crl_fds_send(int sock, struct iovec *iov, size_t iovlen, const int *fd, size_t len)
{
	union fds_control control = {0};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = iovlen};
	size_t size = 0;
	ssize_t n;

	if (len > CRL_FDS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < iovlen; i++)
		size += iov[i].iov_len;
	if (len) {
		struct cmsghdr *c;

		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * len);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * len);
		memcpy(CMSG_DATA(c), fd, sizeof(int) * len);
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return peer_errno(errno);
	return (size_t)n == size ? 0 : -EIO;
}

/* R1: all that came is kept or closed, before anything is judged. */
static bool take_rights(const struct cmsghdr *c, size_t most, struct crl_fds *ret)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	bool right = true;

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
		if (ret->len < most) {
			ret->fd[ret->len++] = fd;
		} else { /* space is aligned, so one more may fit */
			(void)close(fd);
			right = false;
		}
	}
	return right;
}

/* R2 */
static bool take_control(struct msghdr *msg, const struct crl_fds_rule *rule, struct crl_fds *ret)
{
	bool right = true;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			right = take_rights(c, rule->most, ret) && right;
		} else if (rule->cred && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS &&
			   c->cmsg_len == CMSG_LEN(sizeof(ret->cred))) {
			memcpy(&ret->cred, CMSG_DATA(c), sizeof(ret->cred));
			ret->has_cred = true;
		} else {
			right = false;
		}
	}
	return right && !(msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC));
}

ssize_t crl_fds_take(int sock, struct iovec *iov, size_t iovlen, const struct crl_fds_rule *rule, struct crl_fds *ret)
{
	union fds_control control = {0};
	struct crl_fds got = CRL_FDS_NONE;
	struct msghdr msg = {.msg_iov = iov,
			     .msg_iovlen = iovlen,
			     .msg_control = control.space,
			     .msg_controllen = CMSG_SPACE(sizeof(int) * rule->most)};
	bool reset = false;
	ssize_t n;

	if (rule->most > CRL_FDS_MAX)
		return -EINVAL;
	if (rule->cred)
		msg.msg_controllen += CMSG_SPACE(sizeof(struct ucred));
	for (;;) {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		/*
		 * Of one who has gone with something unread, told once and before what they have said: that is still
		 * there.
		 */
		if (n < 0 && errno == ECONNRESET && !reset)
			reset = true;
		else if (n >= 0 || errno != EINTR)
			break;
	}
	if (n < 0)
		return peer_errno(errno);
	if (!take_control(&msg, rule, &got)) {
		crl_fds_done(&got);
		return -EBADMSG;
	}
	*ret = got;
	return n;
}

int crl_fds_wait(int sock, int64_t deadline_ms)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};
	int64_t left;

	for (;;) {
		int n;

		left = deadline_ms - crl_now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(&p, 1, left < INT_MAX ? (int)left : INT_MAX);
		if (n > 0)
			return p.revents & POLLNVAL ? -EBADF : 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}
