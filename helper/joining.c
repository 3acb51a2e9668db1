// SPDX-License-Identifier: Apache-2.0
/* See joining.h. */
#include "helper/joining.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "state/rooms/record.h"
#include "wire/proto.h"

/* Through our own descriptor: the state directory's path may be longer than sun_path. */
static int name_socket(const struct crl_state *s, const char *name, struct sockaddr_un *ret)
{
	int n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s.sock", s->rooms, name);

	ret->sun_family = AF_UNIX;
	return n < 0 || (size_t)n >= sizeof(ret->sun_path) ? -ENAMETOOLONG : 0;
}

/*
 * What a socket was bound to is shown for ever in /proc/net/unix, to everybody who has the host's network: so that is
 * the random id, and the name by which it is found, which says whose room it is, only comes after that.
 */
int crl_joining_listen(const struct crl_state *s, const char *name, const char *id, int *ret_fd)
{
	scoped_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char from[CRL_ID_MAX + 8], to[CRL_KEY_MAX + 8];
	struct sockaddr_un sa = {0};

	(void)snprintf(from, sizeof(from), "%s.sock", id); /* both are shorter */
	(void)snprintf(to, sizeof(to), "%s.sock", name);
	if (fd < 0)
		return -errno;
	if (name_socket(s, id, &sa) < 0)
		return -ENAMETOOLONG;
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 128) < 0)
		return -errno;
	if (renameat2(s->rooms, from, s->rooms, to, RENAME_NOREPLACE) < 0) {
		int e = errno;

		(void)unlinkat(s->rooms, from, 0);
		return e == EEXIST ? -EADDRINUSE : -e;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int crl_joining_connect(const struct crl_state *s, const char *name, int *ret_fd)
{
	scoped_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = {0};

	if (fd < 0)
		return -errno;
	if (name_socket(s, name, &sa) < 0)
		return -ENAMETOOLONG;
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}
