// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl: the administrator's tool. What its parts share.
 *
 * Runs in: the administrator's terminal, as root where it has to look at rooms.
 * Everything that is printed goes through out.c: what a user can choose must not act on a terminal.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/units.h"
#include "policy/load.h"
#include "proto/err.h"
#include "state/rooms.h"

/* Exit status of every command. */
enum ctl_exit {
	CTL_YES = 0, /* done, or the answer is yes */
	CTL_NO = 1, /* the answer is no, or there is nothing of the kind */
	CTL_USAGE = 2,
	CTL_FAIL = 3 /* the system would not */
};

#define CTL_USERS_MAX 64

/* Options, one set for all commands; main.c knows which command takes which. */
struct ctl {
	const char *command;
	const char *config;
	const char *state;
	const char *service;
	const char *rhost;
	const char *tty;
	const char *diff;
	const char *pam_dir;
	const char *helper;
	const char *module; /* as enable's lines name it; NULL = by where libpam finds it */
	const char *policy;
	const char *user;
	const char *users[CTL_USERS_MAX]; /* every --user that was given, in order */
	size_t users_len;
	uint64_t duration_ms;
	uint64_t for_s; /* 0 = not given */
	uint64_t timeout_s;
	unsigned int interval_ms;
	bool unrestricted;
	bool no_pager;
	bool status;
	bool cancel;
	bool force;
	bool no_rehearse;
	bool off;
	bool kill;
	bool budgets;
	bool json;
	bool colour;
};

enum ctl_exit ctl_list(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_top(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_show(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_kill(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_freeze(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_thaw(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_drain(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_wall(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_check(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_enable(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_disable(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_reload(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_enter(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_rehearse(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_assess(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_try(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_confirm(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_why(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_may_have_manager(const struct ctl *c, int argc, char **argv);
enum ctl_exit ctl_explain(const struct ctl *c, int argc, char **argv);

/* who.c: a user as the name service tells it, and his groups. Errors (stage REQUEST): -ENOENT no such user. */
int ctl_login_of(const struct ctl *c, const char *user, struct crl_login *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Who acts, for records and logs: the user who logged in, where the audit system knows him. Visible ASCII, no blank. */
void ctl_who_acts(char *buf, size_t size);

/* Is this carrelctl inside a room, where nothing is to be seen of the host's rooms? */
bool ctl_is_in_room(void);

/*
 * Why this login gets no room, in a sentence; NULL = it does get one. The text is valid until it is asked again.
 * @c  whose PAM lines may name another break-glass group than the usual one
 */
const char *ctl_is_exempt(const struct ctl *c, const struct crl_login *l);

/* The break-glass group of a service, which its PAM line may name; CRL_GROUP_MAX bytes. */
void ctl_break_glass_of(const struct ctl *c, const char *service, char *ret);
int ctl_group_lookup(void *arg, const char *name, uint32_t *ret_gid);

/* Say on standard error what went wrong, with the place in a file where there is one. Returns CTL_FAIL. */
enum ctl_exit ctl_error(const struct ctl *c, const struct crl_err *err);
enum ctl_exit ctl_complain(const struct ctl *c, enum ctl_exit status, const char *fmt, ...) CRL_PRINTF(3, 4);

/* out.c: a table that prints itself for people or as JSON: an array of objects. */
struct ctl_column {
	const char *title; /* in capitals; small it is the key in JSON */
	bool number; /* printed to the right, and bare in JSON */
};

struct ctl_table {
	const struct ctl_column *column;
	size_t columns;
	char **cell; /* rows * columns, owned; NULL = nothing there */
	size_t cells;
};

/* Add one cell. Out of memory ends the program: nothing is half done by then. */
void ctl_cell(struct ctl_table *t, const char *fmt, ...) CRL_PRINTF(2, 3);
void ctl_no_cell(struct ctl_table *t);
void ctl_cell_number(struct ctl_table *t, uint64_t n); /* UINT64_MAX = nothing there */
void ctl_cell_size(const struct ctl *c, struct ctl_table *t, uint64_t n); /* in bytes for programs, else in units */
void ctl_cell_cpu(const struct ctl *c, struct ctl_table *t, uint64_t us);
void ctl_cell_since(struct ctl_table *t, int64_t since, bool full); /* full: ISO 8601, else month to minute */
void ctl_table_print(const struct ctl *c, const struct ctl_table *t);
void ctl_table_done(struct ctl_table *t);

/* One object, a line each: the same, turned. */
void ctl_table_print_object(const struct ctl *c, const struct ctl_table *t);

/* inforce.c: the configuration that counts now, as crl_trial_load() has it. A trial is told on standard error. */
int ctl_load_config(const struct ctl *c, struct crl_config **ret, struct crl_err *err) CRL_MUST_CHECK;

/*
 * pager.c: a long answer to a terminal goes through $PAGER. main.c prepares it for a command with a table; the first
 * table starts it, and what was printed before goes through it as well.
 * @lines  of that table
 */
void ctl_pager_prepare(const struct ctl *c);
void ctl_pager_start(const struct ctl *c, size_t lines);

/* Write all that is printed and wait until it is read. Returns false when it could not be written. */
bool ctl_pager_end(void);

/*
 * usage.c: what a login uses, from the kernel's files; UINT64_MAX = not known here. Processes are the room's, CPU the
 * login's own; memory, io and all limits are those of the user's slice, which all his rooms share. Of a stale room
 * nothing is known.
 */
struct ctl_usage {
	uint64_t processes;
	uint64_t cpu_us;
	uint64_t cpu_max; /* per mille of one processor */
	uint64_t memory;
	uint64_t memory_max;
	uint64_t tasks_max;
	uint64_t io_bytes;
	uint64_t held; /* memory without a process: files in the room's own tmpfs, SysV shared memory */
	bool frozen;
};

/*
 * cgroups.c: the cgroups of a room's logins and of its processes, each of them the room's alone. Paths are from the
 * root. Too big for the stack.
 */
#define CTL_CGROUPS_MAX 280 /* CRL_ROOM_LOGINS_MAX and some */
#define CTL_CGROUP_PATH 512
struct ctl_cgroups {
	char path[CTL_CGROUPS_MAX][CTL_CGROUP_PATH];
	size_t len;
	bool more; /* than fit */
};
void ctl_room_cgroups(const struct crl_room_info *room, struct ctl_cgroups *ret);

/* Inode of a process's PID namespace, 0 = it has ended. @pid  in digits, or "self" */
uint64_t ctl_pid_namespace(const char *pid);

/* What all logins are measured with at one time; its contents are usage.c's own. */
struct ctl_meter {
	int root; /* of cgroup v2; negative = this host has none */
	char *root_path; /* as a room's record has it; NULL = not yet opened */
	uint64_t host; /* PID namespace of the host */
	uint64_t *process; /* the PID namespace of each process that is not in the host's, sorted */
	size_t processes;
};
void ctl_meter_open(struct ctl_meter *m);
void ctl_meter_done(struct ctl_meter *m);
void ctl_usage_read(struct ctl_meter *m, const struct crl_room_info *room, const struct crl_room_login *login,
		    struct ctl_usage *ret);

/* The same of a whole slice, opened: all that is in it; processes are its tasks. Negative = nothing is known. */
void ctl_usage_of_slice(int slice, struct ctl_usage *ret);

/* budgets.c: carrelctl list --budgets. */
enum ctl_exit ctl_list_budgets(const struct ctl *c);

/* tty.c: put the terminals that sshd has made for logins into their records, where they are "ssh". */
void ctl_name_terminals(struct crl_rooms *rooms);

/*
 * act.c: end, stop, or let go on the whole of a room that is not stale; what stops it is recorded for carrelctl why.
 * @wait  until it is so, some seconds at most; false: it is only set going
 * Errors: -ETIMEDOUT it is not so yet; -ENOENT no cgroup that could be frozen; others of the kernel.
 */
typedef int ctl_room_action(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err);
ctl_room_action ctl_room_kill;
ctl_room_action ctl_room_freeze;
ctl_room_action ctl_room_thaw;

/*
 * lines.c: what is shown of a room: a line for each of its logins, or one of its own when nobody is logged in; that one
 * has the room's id, user, and no application.
 */
struct ctl_lines {
	const struct crl_room_login *line;
	size_t len;
	struct crl_room_login own;
};
void ctl_room_lines(const struct crl_room_info *room, struct ctl_lines *ret);

/* It stands, and nobody is logged in. */
bool ctl_room_is_lingering(const struct crl_room_info *room);

/* list.c: the columns that say which login it is, for list and top, and their cells. */
#define CTL_LOGIN_COLUMNS                                                                                         \
	{"ID", false}, {"ROOM", false}, {"USER", false}, {"POLICY", false}, {"SERVICE", false}, {"FROM", false},  \
		{"TTY", false}, {"SINCE", false}
void ctl_cells_login(const struct ctl *c, struct ctl_table *t, const char *room, const char *policy,
		     const struct crl_room_login *l);
void ctl_cell_until(const struct ctl *c, struct ctl_table *t, int64_t until); /* 0 = nothing there */
enum ctl_state ctl_state_of(const struct crl_room_info *room, const struct crl_room_login *l,
			    const struct ctl_usage *u);

/* lines.c: is @what the login's id, its user's name or the room's id? */
bool ctl_is_named(const struct crl_room_info *room, const struct crl_room_login *login, const char *what);

/* The same for any login of the room, or its user when there is none. */
bool ctl_is_of(const struct crl_room_info *room, const char *what);

/* held.c: bytes that a room holds without any process; UINT64_MAX = not known. @init  pidfd of its init */
uint64_t ctl_room_held(const struct crl_room_info *room, int init);

/* drain.c: while the host is drained, say so on standard error: nobody shall forget it. */
void ctl_drain_note(const struct ctl *c);

/* Path of what stands beside the configuration, for PATH_MAX bytes. */
void ctl_beside_config(const struct ctl *c, const char *name, char *buf);

/* pidfd of a room's init, or -errno: -ESRCH the record is older than the process that has the number now. */
int ctl_open_init(const struct crl_room_info *room);

/* usage.c: where a room's slice is beneath, and the directory of a login's cgroup; a descriptor or -errno. */
int ctl_cgroup_root(const struct crl_room_info *room);
int ctl_login_cgroup(const struct crl_room_info *room, const struct crl_room_login *login);
