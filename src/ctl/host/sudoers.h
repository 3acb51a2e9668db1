// SPDX-License-Identifier: Apache-2.0
/*
 * Who may become root, by sudoers(5), and how sudo is set there; doas.h adds those of doas.conf(5).
 *
 * Reads files; the parsing is pure. R1: only what is understood whole counts as root's whole power: a command or target
 * behind an alias does not. R2: what is not understood is told, never left out in silence.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum ctl_sudo_kind {
	SUDO_USER,
	SUDO_GROUP,
	SUDO_UID,
	SUDO_GID,
	SUDO_ANYBODY, /* ALL */
	SUDO_STRANGE, /* not understood: name is the text */
};

struct ctl_sudo_subject {
	enum ctl_sudo_kind kind;
	char name[256];
	uint32_t id; /* of UID and GID */
	bool whole; /* every command, as root */
	char file[256];
	int line;
};

struct ctl_sudo_subjects {
	struct ctl_sudo_subject *item;
	size_t len;
};

/*
 * Read a sudoers file with all that it includes, and add who is named in it. An include that cannot be read is a
 * subject of kind STRANGE. Returns 0; -errno when @path itself cannot be read, -ENOMEM.
 */
int ctl_sudoers_read(const char *path, struct ctl_sudo_subjects *to) CRL_MUST_CHECK;

/* One word of a line "Defaults". */
struct ctl_sudo_default {
	char name[64];
	char value[256]; /* "" = none */
	bool off; /* "!NAME" */
	bool some; /* for users, hosts, targets or commands that the line names, and not for all */
	const char *file;
	int line;
};

/* Call @each for all of them, in the order of the files: of two that say otherwise the last counts. As above. */
typedef void ctl_sudo_each_default(void *arg, const struct ctl_sudo_default *word);
int ctl_sudoers_defaults(const char *path, ctl_sudo_each_default *each, void *arg) CRL_MUST_CHECK;

void ctl_sudo_subjects_done(struct ctl_sudo_subjects *s);
