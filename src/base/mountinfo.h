// SPDX-License-Identifier: Apache-2.0
/* What fields of mountinfo mean. Pure. Source: proc_pid_mountinfo(5). */
#pragma once

#include <stdbool.h>

/* The byte that stands at *@at, which moves behind it: blanks, line ends and backslashes come as \ooo. */
char crl_mountinfo_byte(const char **at);

/* A field, in place. */
void crl_mountinfo_unescape(char *field);

/*
 * Does the kernel alone answer look-ups in a file system of that type, and neither a server nor a program? A type that
 * is not known here is far. An overlay counts as near: what lies below it is not told.
 */
bool crl_mountinfo_is_near(const char *type);
