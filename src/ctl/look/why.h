// SPDX-License-Identifier: Apache-2.0
/* carrelctl why: its rows, from whatever source. */
#pragma once

#include <stdint.h>

#include "state/why/why.h"

struct ctl_why_row {
	int64_t when_ms; /* of records and the kernel's log; INT64_MAX = the login is open, its counts go on */
	int64_t first_ms; /* CRL_WHY_CALL: of the first */
	uint32_t uid;
	char *user; /* on record, as a field, owned; NULL = ask the user database */
	struct crl_why_event event; /* id and policy may be "" */
	char call[40]; /* CRL_WHY_CALL: what was refused, by its name */
	char how[72]; /* of a room's listener: its arguments, and what became of it; "" = of the kernel's log */
	char comm[16]; /* the program's name for itself: hostile text */
};

struct ctl_why_rows {
	struct ctl_why_row *item;
	size_t len;
	int64_t uid; /* whose rows are wanted, -1 = everybody's */
	int error; /* first failure, -errno */
};

/* A new row, zeroed. Out of memory ends the program, as with a table's cells. */
struct ctl_why_row *ctl_why_add(struct ctl_why_rows *rows);
