// SPDX-License-Identifier: Apache-2.0
/*
 * Join the room's namespaces, and the way back.
 *
 * Runs in: who adopts or visits a room (adopt.h), as root.
 * Owns: R1 never reported as isolated without having moved; R2 before the filter there is always a way back.
 */
#include "door/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/pidfd.h"

static ino_t ns_inode(int dir, enum crl_ns ns)
{
	struct stat st;

	return fstatat(dir, crl_nskinds[ns].proc_name, &st, 0) == 0 ? st.st_ino : 0;
}

int crl_origin_save(struct crl_origin *ret, struct crl_err *err)
{
	ret->dir = open("/proc/self/ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot open /proc/self/ns");
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		ret->fd[ns] = openat(ret->dir, crl_nskinds[ns].proc_name, O_RDONLY | O_CLOEXEC);
		ret->ino[ns] = ret->fd[ns] < 0 ? 0 : ns_inode(ret->dir, ns);
	}
	return 0;
}

int crl_origin_choose(struct crl_origin *o, uint32_t mask, struct crl_err *err)
{
	o->mask = mask;
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		if (!(mask & CRL_NS_BIT(ns))) {
			drop_fd(&o->fd[ns]);
			o->ino[ns] = 0;
		} else if (!o->ino[ns]) {
			return crl_err_set(err, ENOENT, CRL_STAGE_ADOPT, "cannot open the %s namespace of the host",
					   crl_nskinds[ns].name);
		}
	}
	return 0;
}

void crl_origin_done(struct crl_origin *o)
{
	drop_fd(&o->dir);
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++)
		drop_fd(&o->fd[ns]);
}

int crl_origin_leave(const struct crl_origin *o, int pidfd, struct crl_err *err)
{
	if (!o->mask)
		return 0; /* setns() takes no empty word */
	if (setns(pidfd, (int)crl_ns_clone_flags(o->mask)) < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot join the room's namespaces");
	/* The room's begins where its first login was; each has a cgroup of its own, which is "/" to it. */
	if ((o->mask & CRL_NS_BIT(CRL_NS_CGROUP)) && unshare(CLONE_NEWCGROUP) < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot make a cgroup namespace");
	return 0;
}

/* R1 */
int crl_origin_has_left(const struct crl_origin *o, struct crl_err *err)
{
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		ino_t now;

		if (!(o->mask & CRL_NS_BIT(ns)))
			continue;
		now = ns_inode(o->dir, ns);
		if (!now || now == o->ino[ns])
			return crl_err_set(err, EXDEV, CRL_STAGE_ADOPT, "the %s namespace is still the host's",
					   crl_nskinds[ns].name);
	}
	return 0;
}

static bool is_back(const struct crl_origin *o)
{
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++)
		if ((o->mask & CRL_NS_BIT(ns)) && ns_inode(o->dir, ns) != o->ino[ns])
			return false;
	return true;
}

int crl_origin_return(const struct crl_origin *o, int pidfd, struct crl_err *err)
{
	if (!o->mask || is_back(o))
		return 0;
	/*
	 * R2. One by one works without any other process, but not through the filter, which knows one flags word
	 * only.
	 */
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++)
		if (o->fd[ns] >= 0)
			(void)setns(o->fd[ns], (int)crl_nskinds[ns].clone_flag); /* judged below */
	if (!is_back(o) && pidfd >= 0)
		(void)setns(pidfd, (int)crl_ns_clone_flags(o->mask)); /* judged below */
	if (!is_back(o))
		return crl_err_set(err, EXDEV, CRL_STAGE_ADOPT, "cannot take the application back to the host");
	return 0;
}

void crl_origin_way_home(const struct crl_origin *o, const struct crl_cwd *cwd, struct crl_way_home *ret)
{
	*ret = (struct crl_way_home){.mask = o->mask, .has_cwd = cwd != NULL};
	memcpy(ret->ino, o->ino, sizeof(ret->ino));
	if (cwd)
		ret->cwd = *cwd;
}

/* Under the /proc of now. */
static bool namespaces_are(const ino_t ino[CRL_NS_COUNT])
{
	scoped_fd dir = open("/proc/self/ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++)
		if (ino[ns] && (dir < 0 || ns_inode(dir, ns) != ino[ns]))
			return false;
	return true;
}

bool crl_way_home_take(const struct crl_way_home *w, int supervisor)
{
	if (w->mask && setns(supervisor, (int)crl_ns_clone_flags(w->mask)) < 0)
		return false;
	if (w->has_cwd)
		crl_cwd_return(&w->cwd);
	return namespaces_are(w->ino);
}
