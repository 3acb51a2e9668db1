// SPDX-License-Identifier: Apache-2.0
/* What outer process and init say to each other; see room.h. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shell/alone/room.h"

int alone_say(int channel, const struct alone_word *word)
{
	ssize_t n;

	do {
		n = send(channel, word, sizeof(*word), MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return n == (ssize_t)sizeof(*word) ? 0 : -EBADMSG;
}

int alone_hear(int channel, struct alone_word *ret)
{
	ssize_t n;

	do {
		n = read(channel, ret, sizeof(*ret)); /* not recv(2), which init's filter has not */
	} while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return -EPIPE;
	if (n < 0)
		return -errno;
	if (n != (ssize_t)sizeof(*ret))
		return -EBADMSG;
	return ret->kind == ALONE_REFUSED ? crl_err_check(&ret->err) : 0;
}
