// SPDX-License-Identifier: Apache-2.0
/*
 * The stage file: what the last stage of a login, carrel-shell, does before it executes the user's shell.
 *
 * Runs in: helper (root), which writes it into the room; carrel-shell (the user's), which reads it. Pure.
 * Trusts: nothing in the text. Whoever reads it has proved before whose file it is.
 *
 * A text of lines, each "KEY VALUE" and a newline, the first of them "carrel-stage 1". Values are escaped as
 * crl_visible_field() does, and in no other way. Each key but "profile" at most once, none but these:
 *
 *   user          none | own | root; always there
 *   ns            with own and root: the user namespace to join, a mount of nsfs
 *   root          with own and root, or absent: the directory to change the root to, once in there
 *   nested        yes, or absent: not chroot(2) but a mount namespace of one's own with that root, since who is in a
 *                 chroot can make no user namespaces. With root alone
 *   uid, gid      with own and root: what to be in there
 *   filter        or absent: a file of struct sock_filter, which are loaded on top of the room's filter
 *   profile       PROGRAM FILTER, last and at most CRL_LAST_PROFILES_MAX of them, each PROGRAM once: if that is what is
 *                 executed, a file as of "filter", which is loaded on top of all, under no_new_privs
 *   shell         or absent: the shell to execute; else passwd says it
 *   no_new_privs  yes | no; always there
 *   apart         yes | prefer, or absent: a Landlock domain of the login's own, before the filter; with prefer not
 *                 where the kernel has none
 *   caps          with none, or absent: the launcher, which raises the policy's ambient capabilities and sets
 *                 no_new_privs; carrel-shell goes through it before all else
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_LAST_DIR "/run/carrel" /* in a room; what is there and below is root's */
#define CRL_LAST_FILE CRL_LAST_DIR "/stage"
#define CRL_LAST_NS CRL_LAST_DIR "/user"
#define CRL_LAST_ROOT CRL_LAST_DIR "/inside"
#define CRL_LAST_FILTER CRL_LAST_DIR "/stage.bpf"

/* A mount of its own with one file, the launcher, whose file capabilities are the policy's ambient ones, "=ei". */
#define CRL_LAST_CAPS_DIR CRL_LAST_DIR "/bin"
#define CRL_LAST_CAPS_NAME "caps"
#define CRL_LAST_CAPS CRL_LAST_CAPS_DIR "/" CRL_LAST_CAPS_NAME

#define CRL_LAST_PROFILE CRL_LAST_DIR "/profile%zu.bpf" /* by its place among the lines */

#define CRL_WHY_ROOM_FILE CRL_LAST_DIR "/why" /* what was on record of the user when the room was made */

#define CRL_LAST_TEXT_MAX 16384 /* bytes of the file */
#define CRL_LAST_PATH_MAX 512 /* with its NUL */
#define CRL_LAST_PROFILES_MAX 8

enum crl_last_user { CRL_LAST_USER_NONE, CRL_LAST_USER_OWN, CRL_LAST_USER_ROOT, CRL_LAST_USER_COUNT };

enum crl_last_apart { CRL_LAST_APART_NO, CRL_LAST_APART_YES, CRL_LAST_APART_PREFER };

struct crl_last_profile {
	char program[CRL_LAST_PATH_MAX]; /* absolute */
	char filter[CRL_LAST_PATH_MAX]; /* below CRL_LAST_DIR */
};

/* A path that is "" is absent. */
struct crl_last {
	enum crl_last_user user;
	uint32_t uid, gid; /* 0 with CRL_LAST_USER_NONE */
	char ns[CRL_LAST_PATH_MAX]; /* below CRL_LAST_DIR, as root and filter are */
	char root[CRL_LAST_PATH_MAX];
	char filter[CRL_LAST_PATH_MAX];
	char shell[CRL_LAST_PATH_MAX]; /* absolute */
	char caps[CRL_LAST_PATH_MAX]; /* below CRL_LAST_DIR */
	struct crl_last_profile profile[CRL_LAST_PROFILES_MAX];
	size_t profiles;
	enum crl_last_apart apart;
	bool nested;
	bool no_new_privs;
};

/*
 * Write it as a text.
 * @buf  CRL_LAST_TEXT_MAX bytes and one for the NUL
 * Returns its length, or -E2BIG; -EINVAL it is none that crl_last_parse() takes.
 */
int crl_last_print(const struct crl_last *last, char buf[CRL_LAST_TEXT_MAX + 1]) CRL_MUST_CHECK;

/*
 * Read the text of a stage file.
 * @text  @len bytes; a NUL behind them is not needed
 * @ret   written only on success
 * @ret_fault  what is wrong with it, a constant; NULL when nobody asks
 * Returns 0, or -EBADMSG.
 */
int crl_last_parse(const char *text, size_t len, struct crl_last *ret, const char **ret_fault) CRL_MUST_CHECK;
