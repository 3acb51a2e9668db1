// SPDX-License-Identifier: Apache-2.0
/*
 * The stage file of the room that carrel-shell runs in: found, proved and read.
 *
 * Runs in: carrel-shell, as the user.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>

#include "base/err.h"
#include "wire/proto.h"
#include "wire/stage.h"

/* Where carrel-shell is, as the stage file has it. */
enum crl_shell_place {
	CRL_SHELL_NOWHERE, /* in no room of PAM's: there is no such file */
	CRL_SHELL_BEFORE, /* in a room, and the last stage is still to come */
	CRL_SHELL_BEHIND, /* in the room's user namespace: it is behind us */
};

/*
 * Read the stage file.
 * @root       a directory: the root, or in tests what stands for it
 * @ret_place  @ret is filled with all but CRL_SHELL_NOWHERE
 * Returns 0, or -errno where something is there that cannot be relied on (stage ADOPT): then nothing may be executed.
 */
int crl_shell_stage_read(int root, struct crl_last *ret, enum crl_shell_place *ret_place,
			 struct crl_err *err) CRL_MUST_CHECK;

/* Are we in that user namespace? @ns  a descriptor of it, which may be O_PATH */
bool crl_shell_is_in(int ns);

/* A filter as it is loaded. */
struct crl_shell_filter {
	unsigned short len; /* instructions; 0 = none */
	struct sock_filter insn[CRL_FILTER_MAX];
};

/*
 * Read a filter that a stage file names, or none.
 * @path  "" = none
 * Returns 0 or -errno (stage FILTER).
 */
int crl_shell_filter_read(int root, const char *path, struct crl_shell_filter *ret, struct crl_err *err) CRL_MUST_CHECK;
