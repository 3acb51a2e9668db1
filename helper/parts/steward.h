// SPDX-License-Identifier: Apache-2.0
/*
 * What the login's helper does for carrel-steward, the host's one process that keeps true what rooms show of it.
 *
 * Runs in: helper (root, host namespaces). What fails is logged, and keeps nobody out.
 */
#pragma once

struct crl_job;

/* See to it that carrel-steward runs. */
void crl_ensure_steward(const struct crl_job *job);
