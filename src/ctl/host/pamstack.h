// SPDX-License-Identifier: Apache-2.0
/*
 * A PAM service's file: where carrel's two lines are, or where they belong.
 *
 * Pure: texts in, texts out. Source: pam.d(5), and what libpam does where the manual is silent:
 * R1 a line is what libpam takes for one: a comment or an empty line stands alone and is never continued; "\" continues
 *    a line also when blanks follow it, but not when a comment does.
 * R2 where versions of libpam differ, or refuse the whole service, the line is strange and nothing is enabled.
 * R3 what enable or disable made is read again, and not given out when it is not what was meant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PAM_LINE_BYTES 1024 /* libpam up to 1.5 reads no more at once */
#define PAM_WORD_BYTES 256

enum ctl_pam_kind {
	PAM_LINE_SESSION, /* a module of the type session */
	PAM_LINE_INCLUDE, /* another file takes its place: module is its name */
	PAM_LINE_OTHER, /* of another type */
	PAM_LINE_STRANGE, /* not understood */
};

/* One line of the file. */
struct ctl_pam_line {
	enum ctl_pam_kind kind;
	int number; /* of its first line, from 1 */
	bool all_types; /* @include: lines of every type come along */
	bool substack; /* what ends it does not end the stack that it is in */
	bool opens; /* carrel's, for sessions that begin */
	bool closes; /* carrel's, for sessions that end */
	char control[PAM_WORD_BYTES];
	char module[PAM_WORD_BYTES];
	char arguments[PAM_LINE_BYTES];
};

/* Call @each for every line that says something, in their order. */
typedef void ctl_pam_each_line(void *arg, const struct ctl_pam_line *line);
void ctl_pam_stack_each(const char *text, ctl_pam_each_line *each, void *arg);

/* Can a session line of that control end its stack before its last line, as if all had gone well? */
bool ctl_pam_control_can_end(const char *control);

/* Does one of that control end its stack when it fails? */
bool ctl_pam_control_dies(const char *control);

/* How many lines a control may jump over at most. */
unsigned long ctl_pam_control_jump(const char *control);

/* The value of "NAME=" in a line's arguments. False when there is none. */
bool ctl_pam_line_argument(const struct ctl_pam_line *line, const char *name, char ret[PAM_WORD_BYTES]);

/* What is found of carrel in one file; lines count from 1, 0 = not there. */
struct ctl_pam_stack {
	int open;
	int close;
	int opens; /* how many */
	int closes;
	bool open_is_binding; /* its control is requisite or required: a refusal counts */
	int first_session; /* the first session line, or include, that is not carrel's */
	int after_open; /* a session line behind open */
	int before_close; /* a session line before close */
	/* a session line, before open, whose control can end the stack with success or jump over carrel */
	int ends_early;
	int strange; /* a line that is not understood */
};

void ctl_pam_stack_read(const char *text, struct ctl_pam_stack *ret);

/* What enable writes. */
struct ctl_pam_wish {
	const char *module; /* as the lines name it */
	const char *arguments; /* of the module, or "" */
};

/*
 * The file with carrel's two lines: close before the first session line, open behind all.
 * @ret        to be freed
 * Errors (stage CONFIG, with the line's number in the text): -EEXIST carrel is in it; -EINVAL a line that is not
 * understood or that could end the stack before carrel; -ENOMEM.
 */
int ctl_pam_stack_enable(const char *text, const struct ctl_pam_wish *wish, char **ret,
			 struct crl_err *err) CRL_MUST_CHECK;

/*
 * The file without any line of carrel's, whatever else is in it. @ret to be freed. Returns how many, or -ENOMEM;
 * -EUCLEAN when a line of carrel's would be left.
 */
int ctl_pam_stack_disable(const char *text, char **ret) CRL_MUST_CHECK;
