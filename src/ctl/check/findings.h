// SPDX-License-Identifier: Apache-2.0
/*
 * What carrelctl check, try and enable have found.
 *
 * An error is what refuses logins, or isolates nobody; a warning what somebody would want to change; a note what may be
 * meant as it is. Warnings and notes can be acknowledged in the configuration, by the id that each has.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/print/out.h"

struct crl_config;

enum ctl_level { CTL_NOTE, CTL_WARNING, CTL_ERROR };

struct ctl_findings {
	struct ctl_table table;
	size_t count[CTL_ERROR + 1]; /* of each level, without those that are acknowledged */
	size_t acknowledged;
	size_t wired; /* PAM services that name carrel */
	const char *enabling; /* one that is not known to work is an error; NULL = none */
};

extern const struct ctl_column ctl_findings_column[];
#define CTL_FINDINGS_COLUMNS 7
#define CTL_FINDINGS_NONE \
	{ \
		.table = {.column = ctl_findings_column, .columns = CTL_FINDINGS_COLUMNS } \
	}

/* What is done about programs of carrel's that are missing or of another version, whichever way they came. */
#define CTL_MEND_INSTALL "install carrel again: its package, or make install"

/* Once each. @file  may be NULL, @line 0. @mend  what to do about it */
void ctl_find(struct ctl_findings *f, enum ctl_level level, const char *file, int line, const char *mend,
	      const char *fmt, ...) CRL_PRINTF(6, 7);

/*
 * Mark what the configuration acknowledges. @config  NULL = could not be read
 * @all  everything was looked at, so that an id that is met nowhere is a note
 */
void ctl_findings_acknowledge(struct ctl_findings *f, const struct crl_config *config, bool all);

/* Take out what @before has as well. */
void ctl_findings_subtract(struct ctl_findings *f, const struct ctl_findings *before);

/* As --all, --notes and --json want it; frees them. */
void ctl_findings_print(const struct ctl *c, struct ctl_findings *f);
void ctl_findings_done(struct ctl_findings *f);
