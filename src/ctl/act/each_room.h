// SPDX-License-Identifier: Apache-2.0
/* What an operator does to the rooms that were named, and its record for carrelctl why. */
#pragma once

#include <stdbool.h>

#include "ctl/command.h"
#include "state/why/why.h"

struct crl_err;
struct crl_room_info;

/* Do it to one room. @wait  until it is so */
typedef int ctl_room_action(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err);

/*
 * To every live room that is named: by its id, one of a login, or its user. Each is told, with what could not be done.
 * @done  the word for what has been done to it
 */
enum ctl_exit ctl_room_each(const struct ctl *c, int argc, char **argv, ctl_room_action *one, const char *done);

/* For carrelctl why, and for the user's next login. What cannot be recorded is logged. */
void ctl_room_record(const struct ctl *c, const struct crl_room_info *room, enum crl_why_cause cause);
