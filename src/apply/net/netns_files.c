// SPDX-License-Identifier: Apache-2.0
/* See netns_files.h. */
#include "apply/net/netns_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/scope.h"
#include "policy/places.h"

#define FILES_DIR "/etc/netns"

static const char *name_of(const struct crl_policy *p)
{
	return p->net_path + strlen(CRL_NETNS_DIR);
}

static bool is_bound(const struct crl_policy *p, const char *target)
{
	for (size_t i = 0; i < p->bind_len; i++)
		if (strcmp(p->bind[i].target, target) == 0)
			return true;
	return false;
}

struct teller {
	const struct crl_policy *p;
	crl_netns_file *each;
	void *arg;
};

/* R1 */
static int tell(const struct teller *t, const char *name, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	char source[PATH_MAX], target[PATH_MAX];
	struct stat st;
	int rc;

	(void)snprintf(source, sizeof(source), FILES_DIR "/%s/%s", name_of(t->p), name); /* fits: two names */
	(void)snprintf(target, sizeof(target), "/etc/%s", name);
	if (lstat(target, &st) < 0 || is_bound(t->p, target) || !crl_own_may_bind(target))
		return 0;
	if (stat(source, &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot look at %s: %s", source,
				   strerrordesc_np(errno));
	rc = crl_path_open_trusted(source, S_ISDIR(st.st_mode) ? CRL_PATH_DIR : CRL_PATH_FILE, CRL_STAGE_NAMESPACE, &fd,
				   err);
	return rc < 0 ? rc : t->each(t->arg, source, target, err);
}

static int tell_all(const struct teller *t, DIR *dir, struct crl_err *err)
{
	int rc = 0;

	for (const struct dirent *e; rc == 0 && (e = readdir(dir));)
		if (e->d_name[0] != '.')
			rc = tell(t, e->d_name, err);
	return rc;
}

int crl_netns_files(const struct crl_policy *p, crl_netns_file *each, void *arg, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	char path[PATH_MAX];
	DIR *dir;
	int rc;

	(void)snprintf(path, sizeof(path), FILES_DIR "/%s", name_of(p)); /* fits */
	if (!(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) || (access(path, F_OK) < 0 && errno == ENOENT))
		return 0;
	rc = crl_path_open_trusted(path, CRL_PATH_DIR, CRL_STAGE_NAMESPACE, &fd, err);
	if (rc < 0)
		return rc;
	dir = fdopendir(fd);
	if (!dir)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot list %s", path);
	(void)take_fd(&fd);
	rc = tell_all(&(struct teller){p, each, arg}, dir, err);
	(void)closedir(dir);
	return rc;
}
