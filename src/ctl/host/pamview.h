// SPDX-License-Identifier: Apache-2.0
/*
 * All services of a directory as libpam puts them together, with one of them as it would be.
 *
 * Reads files; changes none. Source: pam.d(5): @include, include, substack.
 */
#pragma once

#include "ctl/host/pamstack.h"

#define PAM_DIR "/etc/pam.d"
#define PAM_VENDOR_DIR "/usr/lib/pam.d" /* of services that have no file in PAM_DIR */

struct ctl_pam_view {
	const char *dir;
	const char *name; /* the service whose text is not taken from its file; NULL = none */
	const char *text;
};

/* One line of what a service comes to when every include is followed. */
struct ctl_pam_step {
	char *path; /* of the file that it stands in; owned */
	bool own; /* which is the service's */
	bool in_substack;
	int via; /* the line of the service's own file that brings it in, or that it is */
	struct ctl_pam_line line;
};

/* The session lines of a service, in the order of libpam. */
struct ctl_pam_sessions {
	struct ctl_pam_step *step;
	size_t len;
	bool lost; /* an include that cannot be read, or too deep */
};

/* Read a service's own file. Returns 0 or -errno. @ret  to be freed */
int ctl_pam_view_read(const struct ctl_pam_view *v, const char *service, char **ret) CRL_MUST_CHECK;

/* Where its own file is, for messages. */
void ctl_pam_view_path(const struct ctl_pam_view *v, const char *service, char *ret, size_t size);

/* Returns 0 or -errno: the service's own file cannot be read; no memory. @ret  to be done with */
int ctl_pam_view_sessions(const struct ctl_pam_view *v, const char *service,
			  struct ctl_pam_sessions *ret) CRL_MUST_CHECK;
void ctl_pam_sessions_done(struct ctl_pam_sessions *s);

/* Does one of its session lines, or of those it includes, open rooms? */
bool ctl_pam_view_opens(const struct ctl_pam_view *v, const char *service);

/* Call @each for every service. Returns 0 or -errno: the directory cannot be read. */
typedef void ctl_pam_each_service(void *arg, const char *service);
int ctl_pam_view_each(const struct ctl_pam_view *v, ctl_pam_each_service *each, void *arg) CRL_MUST_CHECK;

/* Call @each for every line of carrel's that a service has, in its own file or by what it includes. */
typedef void ctl_pam_each_wired(void *arg, const char *service, const struct ctl_pam_step *step);
void ctl_pam_view_wired(const struct ctl_pam_view *v, ctl_pam_each_wired *each, void *arg);
