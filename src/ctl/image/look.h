// SPDX-License-Identifier: Apache-2.0
/*
 * An image looked at as a process in it would: links lead within it, and nothing of it is run.
 *
 * Runs in: carrelctl (root). Trusts: nothing of what is in it.
 */
#pragma once

#include <stdbool.h>

#include "base/scope.h"

/* Is there something by that name, or a directory? @root  the image's mount */
bool ctl_look_is_there(int root, const char *path);
bool ctl_look_is_dir(int root, const char *path);

/* Is it a symbolic link, or found only by one? */
bool ctl_look_is_behind_link(int root, const char *path);

/* A text of at most @size - 1 bytes. Returns its length or -errno. */
ssize_t ctl_look_read(int root, const char *path, char *buf, size_t size) CRL_MUST_CHECK;

/*
 * Can this program be started in the image? Looks for the interpreter of a script, for the loader and all libraries.
 * @program  path
 * @why      what is missing: "" when nothing is; 256 bytes
 * @install  the package that has it on Debian, or ""; 64 bytes
 */
bool ctl_look_runs(int root, const char *program, char *why, char *install);

/* Is a library where loaders look for it? */
bool ctl_look_library(int root, const char *name);
