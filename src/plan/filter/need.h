// SPDX-License-Identifier: Apache-2.0
/*
 * System calls without which nobody gets a shell, whatever the policy is for.
 *
 * Runs in: carrelctl. Pure.
 */
#pragma once

#include "plan/filter/filter.h"
#include "plan/filter/set.h"

/*
 * The needed calls that a set refuses, as "close, openat".
 * @text  @size bytes, "" when it refuses none; cut with "..." when they are many
 * Returns true when there is one.
 */
bool crl_callset_lacks(const struct crl_callset *set, char *text, size_t size);

/*
 * The same of values of a call's argument, of those without which one of the three did not come about, or had no job
 * control: "TCGETS, TIOCGPTN".
 * @f  the room's filter, compiled
 */
bool crl_filter_lacks_values(const struct crl_filter *f, enum crl_args_call call, char *text, size_t size);

/* The same for shell.seccomp and profiles, which are in force when the user's shell is executed, and not before. */
bool crl_callset_lacks_start(const struct crl_callset *set, char *text, size_t size);

/* The same for shell.seccomp, beside seccomp.profiles, whose filter is loaded when it is in force. */
bool crl_callset_lacks_load(const struct crl_callset *set, char *text, size_t size);

/* The same for the room's own filter, of what the last stage of a login by that policy does in it. */
bool crl_callset_lacks_last(const struct crl_callset *set, const struct crl_policy *p, char *text, size_t size);
