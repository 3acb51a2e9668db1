// SPDX-License-Identifier: Apache-2.0
/*
 * The marks that overlayfs leaves on directories of its layers: "opaque" (what lies below is not shown) and "redirect"
 * (what lies below goes by another name). They are trusted.* attributes, which only CAP_SYS_ADMIN sees: who works in a
 * home with its user's rights asks a marks server, which can do nothing else.
 *
 * Runs in: carrelctl, keeper, and workers with the user's rights.
 * Trusts: that the attributes are the kernel's, and not what they say: a text is taken only in a form that the kernel
 * itself would go by.
 * Source: Documentation/filesystems/overlayfs.rst of the kernel, redirect_dir.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/scope.h"

/* How marks are reached. */
struct crl_marks {
	int sock; /* of a server, SOCK_SEQPACKET, the caller's; or -EBADF: this process has the power itself */
};

#define CRL_MARKS_OWN \
	{ \
		.sock = -EBADF \
	}

/* What a directory is marked with. */
struct crl_mark {
	bool opaque;
	char redirect[PATH_MAX]; /* "" none; a name beside it; or from the root of all layers on, "/a/b" */
};

/*
 * Is this a text that the kernel goes by: a name, or an absolute path of names with one "/" before each?
 * @len  bytes of @text, which need not be terminated
 * Neither "." nor ".." is a name, nor what is longer than NAME_MAX or has a NUL in it.
 */
bool crl_marks_redirect_is_valid(const char *text, size_t len);

/*
 * Read what a directory is marked with.
 * @dir  open for reading (no O_PATH); stays the caller's
 * A file system without such attributes has no marks. Both absent is no error.
 * Returns 0; -EINVAL a redirect that the kernel would not follow; -EPIPE the server is gone; -EPERM no power; -errno.
 */
int crl_marks_read(const struct crl_marks *m, int dir, struct crl_mark *ret) CRL_MUST_CHECK;

/* Make a directory opaque, or no longer. Errors: -EXDEV a device that is not the server's; as crl_marks_read(). */
int crl_marks_set_opaque(const struct crl_marks *m, int dir, bool opaque) CRL_MUST_CHECK;

/* Set a directory's redirect. @redirect  "" takes it away; else as crl_marks_redirect_is_valid() says, or -EINVAL */
int crl_marks_set_redirect(const struct crl_marks *m, int dir, const char *redirect) CRL_MUST_CHECK;

/* A server for the marks of one user's layers. */
struct crl_marks_server {
	uid_t uid; /* whose uid it has, so that it can do with files what they can, and no more */
	gid_t gid;
	dev_t dev; /* it sets marks on directories of this device only; 0: it sets none */
};

/*
 * Start a server: a child with CAP_SYS_ADMIN and no other power, no descriptor but its socket, under a system call
 * filter that leaves it the reading of both marks of a directory it is sent, and the setting of them.
 * @ret_sock  close-on-exec; the child ends when its last copy is closed
 * @ret_pid   to be waited for by the caller
 * The caller must be root with CAP_SYS_ADMIN, and should have one thread.
 */
int crl_marks_start(const struct crl_marks_server *s, int *ret_sock, pid_t *ret_pid,
		    struct crl_err *err) CRL_MUST_CHECK;
