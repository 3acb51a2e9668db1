// SPDX-License-Identifier: Apache-2.0
/*
 * Can root itself log in? Root is exempt from every room.
 *
 * Reads sshd_config, root's keys and shadow(5). What cannot be known is a no.
 */
#pragma once

#include <stddef.h>

enum ctl_root_door {
	ROOT_STAYS_OUT,
	ROOT_ENTERS,
};

/* @ret_how  why not, as the end of a sentence */
enum ctl_root_door ctl_root_door(const char *service, char *ret_how, size_t size);
