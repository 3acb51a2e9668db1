// SPDX-License-Identifier: Apache-2.0
/*
 * PID 1 of the room: builds it from inside, then reaps orphans and holds the namespaces.
 *
 * Runs in: the room's namespaces, root; drops everything before the first login comes in.
 */
#pragma once

struct crl_host;
struct crl_job;
struct crl_mount_plan;

/* The first three are its own copies, which it frees. */
struct crl_init_args {
	struct crl_job *job;
	struct crl_host *host;
	struct crl_mount_plan *mounts; /* NULL = no mount namespace */
	int channel; /* to the helper; what first comes over it are the host's settings */
};

/* The process ends in it: with the room's end, or when the room cannot be built. */
_Noreturn void crl_init_main(const struct crl_init_args *args);
