// SPDX-License-Identifier: Apache-2.0
/*
 * A PAM application in a forked child, in a mount namespace with its own users and services.
 *
 * Runs in: tests only, as root.
 */
#pragma once

#include <security/pam_appl.h>

struct outcome {
	int open; /* PAM codes; -1 = the call was not made */
	int close;
	int status; /* wait status of the child */
	char said[2048]; /* what the user was told */
	char log[16384]; /* "<priority>text\n" for each line */
	char changed[512]; /* aspects of the process that differ after open (refused) or after close (let in) */
	char inside[1024]; /* what was wrong inside, "" = nothing */
	char cwd[256]; /* after close */
	long took_ms; /* open and close together */
};

struct scenario {
	const char *mode; /* the stub's behaviour */
	const char *args; /* more arguments of the PAM line, NULL = none */
	const char *
		stack; /* the whole service instead, @ = "MODULE config=… helper=… state=… timeout=…"; NULL = one line */
	const char *user; /* NULL = pamuser */
	const char *tty; /* PAM_TTY, NULL = /dev/pts/77 */
	const char *rhost; /* PAM_RHOST, NULL = none */
	int flags; /* of pam_open_session() */
	void (*prepare)(void); /* before the snapshot, as the application */
	void (*inside)(pam_handle_t *pamh, struct outcome *out); /* after a successful open */
	void (*after)(pam_handle_t *pamh, struct outcome *out); /* after its close */
};

/* Make users and service directory, in a mount namespace of the tests' own. @build has pam_carrel.so and tests/pam/stub. */
void host_setup(const char *build);
void host_teardown(void);

/* Another handle of the same service, in the application. */
pam_handle_t *host_start(struct outcome *out, const char *user);

/* Directory that the tests may write to. */
const char *host_dir(void);

/* Start, open, look, close, end. */
void host_run(const struct scenario *s, struct outcome *ret);

/* Number of stub processes alive, after waiting up to ten seconds for none. */
int host_stubs_left(void);
