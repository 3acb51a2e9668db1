// SPDX-License-Identifier: Apache-2.0
/*
 * Bind a process to the places that it needs: root without capabilities still owns root's files, and a descriptor of a
 * directory leads up to "/" by "..", whatever the process's own root is.
 *
 * Runs in: supervisor, init, workers, carrel-bus, carrel-shell; carrelctl asks whether it is there; each before its
 * filter.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What may be done beneath a place; to be combined. */
enum crl_reach_right {
	CRL_REACH_READ = 1 << 0, /* open files and directories for reading */
	CRL_REACH_WRITE = 1 << 1, /* open files that are there for writing, cut them */
	CRL_REACH_FILES = 1 << 2, /* make, rename within the directory and remove regular files; remove sockets */
	CRL_REACH_REMOVE = 1 << 3, /* remove files and empty directories, make none */
	CRL_REACH_TREE = 1 << 4, /* all that can be done with files, but to execute them; needs version 2 */
};

struct crl_reach_place {
	int fd; /* a directory, or a file for READ and WRITE; negative = the place is left out */
	uint32_t rights;
};

/* All that stays within reach by name; nothing else can be opened. Descriptors that are open stay as they are. */
struct crl_reach {
	const struct crl_reach_place *place;
	size_t len;
};

/* The kernel's version of Landlock; 0 = it has none or it was switched off at boot; -errno: it could not say. */
int crl_landlock_version(void);

/*
 * From here on the process and what it starts are a domain of their own: it sends signals to, traces, and opens the
 * memory, the environment and descriptors of no process outside, and connects to no abstract socket that was made
 * outside; nor does a process that is in another domain do so to these. Files and mounts are as they were. The caller
 * has set no_new_privs or has CAP_SYS_ADMIN.
 * Returns 0; 1 when the kernel is older than Linux 6.12 (version 6) and nothing was done; -errno (stage CAPS).
 */
int crl_landlock_apart(struct crl_err *err) CRL_MUST_CHECK;

/*
 * From here on the process, and what it starts, opens nothing but what @reach says; it connects to no abstract socket
 * and to no TCP port, and sends no ioctl to a device that it opens, where the kernel knows such rights. The caller has
 * set no_new_privs or has CAP_SYS_ADMIN. Connecting to a socket that has a name, looking up and stat() stay possible.
 * Returns 0; 1 when the kernel has no Landlock and nothing was done; -errno (stage HELPER).
 */
int crl_landlock_enter(const struct crl_reach *reach, struct crl_err *err) CRL_MUST_CHECK;
