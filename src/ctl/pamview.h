// SPDX-License-Identifier: Apache-2.0
/*
 * All services of a directory as libpam puts them together, with one of them as it would be.
 *
 * Reads files; changes none. Source: pam.d(5): @include, include, substack.
 */
#pragma once

#include "ctl/pamstack.h"

#define PAM_DIR "/etc/pam.d"
#define PAM_VENDOR_DIR "/usr/lib/pam.d" /* of services that have no file in PAM_DIR */

struct pam_view {
	const char *dir;
	const char *name; /* the service whose text is not taken from its file; NULL = none */
	const char *text;
};

/* One line of what a service comes to when every include is followed. */
struct pam_step {
	char *path; /* of the file that it stands in; owned */
	bool own; /* which is the service's */
	bool in_substack;
	int via; /* the line of the service's own file that brings it in, or that it is */
	struct pam_line line;
};

/* The session lines of a service, in the order of libpam. */
struct pam_sessions {
	struct pam_step *step;
	size_t len;
	bool lost; /* an include that cannot be read, or too deep */
};

/* Read a service's own file. Returns 0 or -errno. @ret  to be freed */
int pam_view_read(const struct pam_view *v, const char *service, char **ret) CRL_MUST_CHECK;

/* Where its own file is, for messages. */
void pam_view_path(const struct pam_view *v, const char *service, char *ret, size_t size);

/* Returns 0 or -errno: the service's own file cannot be read; no memory. @ret  to be done with */
int pam_view_sessions(const struct pam_view *v, const char *service, struct pam_sessions *ret) CRL_MUST_CHECK;
void pam_sessions_done(struct pam_sessions *s);

/* Call @each for every service. Returns 0 or -errno: the directory cannot be read. */
typedef void pam_each_service(void *arg, const char *service);
int pam_view_each(const struct pam_view *v, pam_each_service *each, void *arg) CRL_MUST_CHECK;

/* Call @each for every line of carrel's that a service has, in its own file or by what it includes. */
typedef void pam_each_wired(void *arg, const char *service, const struct pam_step *step);
void pam_view_wired(const struct pam_view *v, pam_each_wired *each, void *arg);
