// SPDX-License-Identifier: Apache-2.0
/*
 * See beside.h.
 *
 * Runs in: helper, steward (root, host namespaces).
 * R1: what others may write is not run. The module has proved the directories above, for the helper itself.
 */
#include "helper/process/beside.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int crl_beside(const char *name, char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size);
	const size_t len = strlen(name) + 1;
	struct stat st;
	char *slash;

	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	if (!slash)
		return -ENOENT;
	if ((size_t)(slash + 1 - buf) + len > size)
		return -ENAMETOOLONG;
	memcpy(slash + 1, name, len);
	if (stat(buf, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022)) /* R1 */
		return -EPERM;
	return access(buf, X_OK) < 0 ? -errno : 0;
}
