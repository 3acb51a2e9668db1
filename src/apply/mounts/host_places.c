// SPDX-License-Identifier: Apache-2.0
/*
 * See host_places.h.
 *
 * Runs in: helper, root; carrel-shell; in the host's namespaces.
 */
#include "apply/mounts/host_places.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "policy/places.h"

/* Where its users cannot go on the host a room does not lead them. */
static bool has_profiles(void)
{
	struct stat st;

	return lstat(CRL_OWN_CONFIG, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 && (st.st_mode & S_IXOTH) &&
	       lstat(CRL_PROFILES_DIR, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0;
}

void crl_find_host_places(struct crl_host *host)
{
	struct stat st;

	host->screen = access("/run/screen", F_OK) == 0;
	host->shm_link = lstat("/run/shm", &st) == 0 && S_ISLNK(st.st_mode);
	host->gnupg = access("/usr/bin/gpg-agent", X_OK) == 0;
	host->profiles = has_profiles();
	for (size_t i = 0; i < CRL_SOCKET_DIRS; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "/tmp/%s", crl_socket_dirs[i]);
		host->socket_dirs[i] = lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0;
	}
}

/* Returns 0, or -errno; a name that is gone meanwhile is none. */
static int add(struct crl_host *host, int dir, const char *name)
{
	struct crl_host_top *bigger, one = {.path = NULL};
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
		return 0;
	bigger = reallocarray(host->top, host->top_len + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	host->top = bigger;
	if (S_ISLNK(st.st_mode)) {
		n = readlinkat(dir, name, target, sizeof(target) - 1);
		if (n < 0)
			return errno == ENOENT ? 0 : -errno;
		target[n] = '\0';
		one.link = strdup(target);
		if (!one.link)
			return -ENOMEM;
	}
	if (asprintf(&one.path, "/%s", name) < 0) {
		free(one.link);
		return -ENOMEM;
	}
	host->top[host->top_len++] = one;
	return 0;
}

int crl_find_host_top(struct crl_host *host, struct crl_err *err)
{
	scoped(crl_dir) dir = {0};
	int rc = crl_dir_open(AT_FDCWD, "/", &dir);

	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));)
		rc = add(host, crl_dir_fd(&dir), name);
	if (rc == 0)
		rc = dir.error;
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot read what is in /") : 0;
}
