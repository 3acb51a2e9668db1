// SPDX-License-Identifier: Apache-2.0
/*
 * A PAM service's file: where carrel's two lines are, or where they belong.
 *
 * Pure: texts in, texts out. Source: pam.d(5).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "proto/err.h"

/* What is found of carrel in one file; lines count from 1, 0 = not there. */
struct pam_stack {
	int open;
	int close;
	int opens; /* how many */
	int closes;
	bool open_is_binding; /* its control is requisite or required: a refusal counts */
	int first_session; /* the first session line, or @include, that is not carrel's */
	int after_open; /* a session line behind open */
	int before_close; /* a session line before close */
	int ends_early; /* a session line, before open, whose control can end the stack with success */
	int strange; /* a line that is not understood */
};

void pam_stack_read(const char *text, struct pam_stack *ret);

/* Where one file brings in another one's session lines. */
struct pam_include {
	int line;
	int after; /* a session line behind it, 0 = none */
};

/* Does the text include the file @name, by @include, include or substack? @ret of the first such line. */
bool pam_stack_includes(const char *text, const char *name, struct pam_include *ret);

/*
 * The file with carrel's two lines: close before the first session line, open behind all.
 * @arguments  of the module, or ""
 * @ret        to be freed
 * Errors (stage CONFIG, with the line's number in the text): -EEXIST carrel is in it; -EINVAL a line that is not
 * understood or that could end the stack before carrel; -ENOMEM.
 */
int pam_stack_enable(const char *text, const char *arguments, char **ret, struct crl_err *err) CRL_MUST_CHECK;

/* The file without any line of carrel's, whatever else is in it. @ret to be freed. Returns how many, or -ENOMEM. */
int pam_stack_disable(const char *text, char **ret) CRL_MUST_CHECK;
