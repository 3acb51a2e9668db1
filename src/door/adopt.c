// SPDX-License-Identifier: Apache-2.0
/*
 * Join the room's namespaces, and the way back.
 *
 * Runs in: the PAM application, as root.
 * Owns: R6 never reported as isolated without having moved; R7 before the filter there is always a way back.
 */
#include "door/adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/pidfd.h"

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

int crl_pidfd_prove(int pidfd, struct crl_err *err)
{
	pid_t pid = 0;
	int rc;

	/* Only a pidfd takes a signal; /proc/PID directories do too, but have no Pid: line. */
	if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0 && errno != EPERM)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "the room's descriptor is no living process");
	rc = crl_pidfd_pid(pidfd, &pid);
	if (rc == -ESRCH)
		return crl_err_set(err, ESRCH, CRL_STAGE_ADOPT, "the room's init is gone");
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_ADOPT, "the room's descriptor is no pidfd");
	if (pid == getpid())
		return crl_err_set(err, EINVAL, CRL_STAGE_ADOPT, "the room's descriptor is the caller itself");
	return 0;
}

int crl_origin_leave(const struct crl_origin *o, int pidfd, struct crl_err *err)
{
	if (!o->mask)
		return 0; /* setns() takes no empty word */
	if (setns(pidfd, (int)crl_ns_clone_flags(o->mask)) < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot join the room's namespaces");
	return 0;
}

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
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		if ((o->mask & CRL_NS_BIT(ns)) && ns_inode(o->dir, ns) != o->ino[ns])
			return false;
	}
	return true;
}

int crl_origin_return(const struct crl_origin *o, int pidfd, struct crl_err *err)
{
	if (!o->mask || is_back(o))
		return 0;
	/* One by one works without any other process, but not through the filter, which knows one flags word only. */
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		if (o->fd[ns] >= 0)
			(void)setns(o->fd[ns], (int)crl_nskinds[ns].clone_flag); /* judged below */
	}
	if (!is_back(o) && pidfd >= 0)
		(void)setns(pidfd, (int)crl_ns_clone_flags(o->mask)); /* judged below */
	if (!is_back(o))
		return crl_err_set(err, EXDEV, CRL_STAGE_ADOPT, "cannot take the application back to the host");
	return 0;
}

bool crl_namespaces_are(const ino_t ino[CRL_NS_COUNT])
{
	scoped_fd dir = open("/proc/self/ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		if (ino[ns] && (dir < 0 || ns_inode(dir, ns) != ino[ns]))
			return false;
	}
	return true;
}
