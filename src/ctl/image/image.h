// SPDX-License-Identifier: Apache-2.0
/* carrelctl image: what its actions share. */
#pragma once

#include "ctl/command.h"
#include "store/image.h"
#include "store/image_attach.h"

extern const struct ctl_command ctl_image_add, ctl_image_verify, ctl_image_check, ctl_image_rm;

/* Where images are, and how their mounts are found. Ends the program when no configuration says so. */
struct crl_image_user ctl_image_user(const struct ctl *c);

/*
 * The lock of who adds or removes, made with the store where there is none; waits for others.
 * Errors (stage MOUNT).
 */
int ctl_image_lock(const struct ctl *c, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;

/* How many rooms that live have an image. */
uint64_t ctl_image_rooms(const struct ctl *c, const struct crl_image *image);

/* Detach what no living room has. Errors (stages STATE, MOUNT). */
int ctl_image_detach(const struct ctl *c, struct crl_err *err) CRL_MUST_CHECK;
