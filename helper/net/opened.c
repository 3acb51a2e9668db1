// SPDX-License-Identifier: Apache-2.0
/*
 * What the guard is told: the interfaces for which forwarding was switched on.
 *
 * Runs in: carrel-net --stand.
 * No name gets into a command that is more than a word there.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "helper/net/net.h"
#include "plan/net/pool.h"

static void add(const char **names, const char *name)
{
	size_t len = 0;

	while (names[len])
		len++;
	if (len + 1 < CRL_ARRAY_LEN(((struct net_opened *)NULL)->ipv4) && crl_nat_is_word(name))
		names[len] = name;
}

static void take(struct net_opened *o)
{
	char *rest = NULL;

	memset(o->ipv4, 0, sizeof(o->ipv4));
	memset(o->ipv6, 0, sizeof(o->ipv6));
	for (const char *line = strtok_r(o->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "ipv4 ", 5) == 0)
			add(o->ipv4, line + 5);
		else if (strncmp(line, "ipv6 ", 5) == 0)
			add(o->ipv6, line + 5);
	o->len = 0;
}

int net_opened_read(struct net_opened *io, int fd)
{
	for (;;) {
		char c;
		ssize_t n = read(fd, &c, 1); /* a few words a day */

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		if (io->len + 1 == sizeof(io->text))
			io->len = 0; /* nobody's word */
		if (io->len == 0) /* the names of the last one go with its text */
			memset(io->ipv4, 0, sizeof(io->ipv4)), memset(io->ipv6, 0, sizeof(io->ipv6));
		io->text[io->len++] = c;
		io->text[io->len] = '\0';
		if (c == '\n' && io->len >= 2 && io->text[io->len - 2] == '.' &&
		    (io->len == 2 || io->text[io->len - 3] == '\n')) {
			take(io);
			return 1;
		}
	}
}

struct crl_nat_opened net_opened_names(const struct net_opened *o)
{
	return (struct crl_nat_opened){o->ipv4, o->ipv6};
}
