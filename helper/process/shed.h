// SPDX-License-Identifier: Apache-2.0
/*
 * What a process keeps across fork and execve(2) beside descriptors, limits and signals, put back to what a service
 * has.
 */
#pragma once

/* Never fails: where the kernel has no such thing, or may not, it stays as it is. */
void crl_shed(void);
