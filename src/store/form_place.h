// SPDX-License-Identifier: Apache-2.0
/*
 * The forms, one file each, for form.c.
 *
 * Runs in: as form.h. Errors: stage HOME.
 */
#pragma once

#include "store/form.h"

#define CRL_FORM_DATA "data"
#define CRL_FORM_IMAGE_FILE "fs.img"

/* Can the store's file system have project quotas that hold? Returns 0; -EOPNOTSUPP; -errno. */
int crl_project_is_on(int dir) CRL_MUST_CHECK;

/*
 * Give an empty directory the entry's project and its limits, e->owner.{project,size,inodes}; a project id is chosen.
 */
int crl_project_make(struct crl_entry *e, int data, struct crl_err *err) CRL_MUST_CHECK;

/* Set the limits anew. @dir  any of the file system */
int crl_project_limit(const struct crl_entry *e, int dir, struct crl_err *err) CRL_MUST_CHECK;
int crl_project_usage(const struct crl_entry *e, int dir, struct crl_form_usage *ret,
		      struct crl_err *err) CRL_MUST_CHECK;

/* The image: its file made, mounted, grown to e->owner.size. */
int crl_imagefs_make(const struct crl_entry *e, struct crl_err *err) CRL_MUST_CHECK;
int crl_imagefs_open(const struct crl_entry *e, int64_t patience_ms, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;
int crl_imagefs_usage(int data, struct crl_form_usage *ret, struct crl_err *err) CRL_MUST_CHECK;
int crl_imagefs_grow(const struct crl_entry *e, int data, struct crl_err *err) CRL_MUST_CHECK;
