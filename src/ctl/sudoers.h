// SPDX-License-Identifier: Apache-2.0
/*
 * Who may become root, by sudoers(5) and doas.conf(5).
 *
 * Reads files; the parsing is pure. R1: only what is understood whole counts as root's whole power: a command or target
 * behind an alias does not. R2: what is not understood is told, never left out in silence.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

enum sudo_kind {
	SUDO_USER,
	SUDO_GROUP,
	SUDO_UID,
	SUDO_GID,
	SUDO_ANYBODY, /* ALL */
	SUDO_STRANGE, /* not understood: name is the text */
};

struct sudo_subject {
	enum sudo_kind kind;
	char name[256];
	uint32_t id; /* of UID and GID */
	bool whole; /* every command, as root */
	char file[256];
	int line;
};

struct sudo_subjects {
	struct sudo_subject *item;
	size_t len;
};

/*
 * Read a sudoers file with all that it includes,
		and add who is named in it. An include that cannot be read is a subject
 * of kind STRANGE. Returns 0; -errno when @path itself cannot be read, -ENOMEM.
 */
int sudoers_read(const char *path, struct sudo_subjects *to) CRL_MUST_CHECK;

/* The same for doas.conf(5), which has no includes. */
int doas_read(const char *path, struct sudo_subjects *to) CRL_MUST_CHECK;

void sudo_subjects_done(struct sudo_subjects *s);
