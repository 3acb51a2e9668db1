// SPDX-License-Identifier: Apache-2.0
/* See errand_place.h. */
#include "state/errand_place.h"

#include <fcntl.h>
#include <sys/stat.h>

int crl_errand_place_open(int state, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	struct stat st;

	if (mkdirat(state, CRL_ERRAND_DIR, 0711) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(state, CRL_ERRAND_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || st.st_mode & 022)
		return -EPERM;
	if ((st.st_mode & 07777) != 0711 && fchmod(fd, 0711) < 0) /* whoever made it had an umask */
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}
