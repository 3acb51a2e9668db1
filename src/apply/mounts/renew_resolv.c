// SPDX-License-Identifier: Apache-2.0
/*
 * The resolv.conf of a room with a way out: made of the host's again when that is another.
 *
 * Runs in: see renew.h.
 * R1: it is written in place, where the room has it: so all that show it have the new one, in mount namespaces within
 * the room, too. Only a file of the room's own is written to.
 * R2: a name of the host's that the host has given to another file has lost the room's cover, and gets one again.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/mounts/renewal.h"
#include "base/compat.h"
#include "plan/mounts/plan.h"
#include "plan/net/resolv.h"
#include "wire/stage.h"

/* As the room is to have it. @ret_host  what the host has by that name */
static int make_text(struct crl_renewal *w, const char *service, struct crl_side *ret_host, struct crl_nat_resolv *ret)
{
	scoped_free char *host = malloc(CRL_NAT_RESOLV_MAX), *uplink = malloc(CRL_NAT_RESOLV_MAX);
	scoped(crl_side) other = {.fd = -EBADF};
	scoped_fd root = -EBADF;
	int rc = crl_renewal_enter(w, w->from, &root);

	if (rc)
		return rc;
	if (!host || !uplink)
		return crl_renewal_fail(w, -ENOMEM, "no memory");
	crl_side_look(root, CRL_NAT_RESOLV, true, ret_host);
	crl_side_look(root, CRL_NAT_RESOLV_UPLINK, true, &other);
	(void)crl_renewal_read(w, ret_host, host, CRL_NAT_RESOLV_MAX);
	(void)crl_renewal_read(w, &other, uplink, CRL_NAT_RESOLV_MAX);
	return crl_nat_resolv_make(host, other.rc ? NULL : uplink, service, ret) < 0
		       ? crl_renewal_fail(w, -ENOMEM, "no memory")
		       : 0;
}

/* R1. The room's own, which users cannot write to: its /run is on the same file system. */
static bool is_own(int root, const struct crl_side *s)
{
	struct stat run;

	return s->rc == 0 && s->is_mount && S_ISREG(s->st.st_mode) && s->st.st_uid == 0 &&
	       fstatat(root, "run", &run, AT_SYMLINK_NOFOLLOW) == 0 && run.st_dev == s->st.st_dev;
}

/* In one piece: who reads meanwhile finds the old one, or the new one with empty lines behind it. */
static int write_over(int fd, const char *text, size_t old)
{
	size_t len = strlen(text), size = len > old ? len : old;
	scoped_free char *whole = malloc(size + 1);

	if (!whole)
		return -ENOMEM;
	memcpy(whole, text, len);
	memset(whole + len, '\n', size - len);
	if (pwrite(fd, whole, size, 0) != (ssize_t)size)
		return -EIO;
	return ftruncate(fd, (off_t)len) < 0 ? -errno : 0;
}

/* R1. Returns 1; 0: it is so already; -errno. */
static int rewrite(struct crl_renewal *w, const struct crl_side *s, const char *text)
{
	scoped_free char *have = malloc(CRL_NAT_RESOLV_MAX * 2);
	scoped_fd clone = -EBADF, fd = -EBADF;
	char number[16];
	int rc;

	if (!have)
		return crl_renewal_fail(w, -ENOMEM, "no memory");
	(void)crl_renewal_read(w, s, have, CRL_NAT_RESOLV_MAX * 2);
	if (strcmp(have, text) == 0)
		return 0;
	rc = crl_mount_clone(s->fd, false, &clone);
	if (!rc)
		rc = crl_mount_change(clone, false, 0, MOUNT_ATTR_RDONLY);
	if (rc)
		return crl_renewal_fail(w, rc, "cannot open the room's own file");
	(void)snprintf(number, sizeof(number), "%d", clone);
	fd = openat(w->fds, number, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	rc = fd < 0 ? -errno : write_over(fd, text, (size_t)s->st.st_size);
	return rc ? crl_renewal_fail(w, rc, "cannot write the room's own file") : 1;
}

/* R2. @host  what is there where it is not the room's */
static int keep(struct crl_renewal *w, int root, const char *path, const struct crl_side *host, const char *text)
{
	const struct crl_mount_op op = {.kind = CRL_MOUNT_RESOLV, .target = path, .flags = CRL_OP_FOLLOW};
	scoped(crl_side) room = {.fd = -EBADF};

	crl_side_look(root, path, true, &room);
	if (is_own(root, &room))
		return rewrite(w, &room, text);
	if (room.rc || !host)
		return 0; /* there is nothing to cover */
	room.is_mount = room.is_mount && !crl_side_is_same(&room, host);
	return crl_renewal_put_file(w, &op, root, text, &room);
}

int crl_renew_resolv(struct crl_renewal *w, const struct crl_mount_op *op)
{
	static const char inside[] = CRL_LAST_ROOT CRL_NAT_RESOLV;
	scoped(crl_nat_resolv) made = {.servers = 0};
	scoped(crl_side) host = {.fd = -EBADF};
	scoped_fd root = -EBADF;
	int rc = make_text(w, op->source, &host, &made), any = 0;

	if (!rc)
		rc = crl_renewal_enter(w, w->room, &root);
	if (rc)
		return rc;
	for (size_t i = 0; rc >= 0 && crl_resolver_file(i); i++) {
		rc = keep(w, root, crl_resolver_file(i), NULL, made.text);
		any |= rc > 0;
	}
	if (rc >= 0) {
		rc = keep(w, root, inside, NULL, made.text);
		any |= rc > 0;
	}
	if (rc >= 0)
		rc = keep(w, root, CRL_NAT_RESOLV, &host, made.text);
	return rc < 0 ? rc : any || rc > 0;
}
