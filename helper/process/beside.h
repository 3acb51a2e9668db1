// SPDX-License-Identifier: Apache-2.0
/* The programs that are installed beside the helper, and that it runs with root's power or shows in rooms. */
#pragma once

#include <stddef.h>

#include "base/scope.h"

#define CRL_LAUNCHER_PROGRAM "carrel-caps"

/*
 * The path of a program in the directory of this one.
 * @buf, @size  PATH_MAX is always enough
 * Errors: -ENOENT; -EACCES it cannot be run; -EPERM it is no file, or others than root could have written it;
 * -ENAMETOOLONG.
 */
int crl_beside(const char *name, char *buf, size_t size) CRL_MUST_CHECK;
