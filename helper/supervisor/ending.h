// SPDX-License-Identifier: Apache-2.0
/*
 * Time for programs to end by themselves: of a room that ends, of one of several logins that leaves. When is pure
 * (plan/grace.h), the signals are init's to send (orders.h).
 *
 * Runs in: supervisor. R1: however many ignore it or fork on, it takes no longer than the policy's grace; when
 * nothing is left it takes no time. R2: a login's end touches its own cgroup alone, and keeps no other login waiting.
 * R3: what is frozen cannot end by itself and gets no time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct crl_member;
struct crl_kept;

/*
 * Wait until nothing but init runs in a room that ends, or its time is up. What is there then, and is to be killed by
 * the caller, is counted (room->killed). Modules that want to close meanwhile are heard, and answered by the caller.
 */
void crl_ending_room(struct crl_kept *room);

/* A login's end begins. The application must have been moved out of its cgroup, where that can be. */
void crl_ending_login(struct crl_kept *room, struct crl_member *m);

/* Do what is due of it. Returns true when nothing is left of it, or its time is up: m->killed says how many are. */
bool crl_ending_login_is_over(const struct crl_kept *room, struct crl_member *m);

/* When to look again, by crl_now_ms(), because a login is ending; 0 = none is. */
int64_t crl_ending_due_ms(const struct crl_kept *room, int64_t now_ms);
