// SPDX-License-Identifier: Apache-2.0
/*
 * at(1) with a file: it is read here, in the room.
 *
 * Runs in: carrel-errand.
 */
#include "helper/errand/client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "helper/errand/said.h"

int errand_at(const struct errand_wish *w)
{
	scoped_free char **args = calloc(w->len + 1, sizeof(*args));
	struct errand_wish outside = *w;
	scoped_fd file = -EBADF;
	size_t len = 0;

	if (!args)
		return errand_complain(w->call, "out of memory");
	for (size_t i = 0; i < w->len; i++) {
		const char *name = w->args[i] + 2;

		if (strncmp(w->args[i], "-f", 2) != 0) {
			args[len++] = w->args[i];
			continue;
		}
		if (!name[0] && ++i >= w->len)
			return errand_complain(w->call, "-f needs a file");
		if (!name[0])
			name = w->args[i];
		drop_fd(&file);
		file = open(name, O_RDONLY | O_CLOEXEC);
		if (file < 0)
			return errand_complain(w->call, "%s: %s", name, errand_error(errno));
		outside.fd[0] = file;
	}
	outside.args = args;
	outside.len = len;
	return errand_do(&outside);
}
