// SPDX-License-Identifier: Apache-2.0
/* sshd's doors past the shell of a user who makes their own room. */
#pragma once

struct crl_published;
struct ctl;
struct ctl_findings;

/* @p  what is published for the user */
void ctl_check_alone_doors(struct ctl_findings *f, const struct ctl *c, const struct crl_published *p);
