// SPDX-License-Identifier: Apache-2.0
/* The administrator's switch: a file that lets every login pass without a room. */
#pragma once

#include <stdbool.h>

#include "proto/err.h"

/*
 * Is there a file "off" beside the configuration? It counts when it is a plain file of root's that nobody else can
 * write.
 * @ret_path  its path, for the log
 * @err       set when something of that name is there and does not count: carrel then stays on
 */
bool crl_off_is_set(const char *config, char *ret_path, size_t size, struct crl_err *err);
