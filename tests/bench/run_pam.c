// SPDX-License-Identifier: Apache-2.0
/*
 * PAM contenders, and sessions that are held open.
 *
 * Runs in: a child for each session, root.
 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int no_talk(int n, const struct pam_message **msg, struct pam_response **ret, void *arg)
{
	(void)arg;
	for (int i = 0; i < n; i++)
		(void)fprintf(stderr, "pam: %s\n", msg[i]->msg);
	*ret = calloc((size_t)n, sizeof(**ret));
	return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* Starting reads files and loads modules, which is any PAM stack's cost: it stays out of the time. */
static pam_handle_t *start(const struct bench *b, char **arg)
{
	static const struct pam_conv conv = {.conv = no_talk};
	pam_handle_t *pamh = NULL;

	if (pam_start_confdir(arg[0], arg[1], &conv, b->pam_dir, &pamh) != PAM_SUCCESS)
		return NULL;
	return pamh;
}

struct turn turn_pam(const struct bench *b, char **arg)
{
	struct turn t = {-1, -1};
	pam_handle_t *pamh = start(b, arg);
	double before;

	if (!pamh)
		return t;
	before = now_ms();
	if (pam_open_session(pamh, 0) != PAM_SUCCESS)
		return t;
	t.open_ms = now_ms() - before;
	before = now_ms();
	if (pam_close_session(pamh, 0) != PAM_SUCCESS)
		return t;
	t.close_ms = now_ms() - before;
	(void)pam_end(pamh, PAM_SUCCESS);
	return t;
}

static _Noreturn void hold_one(const struct bench *b, char **arg, int ready, int until)
{
	pam_handle_t *pamh = start(b, arg);
	char byte = 0;

	if (!pamh || pam_open_session(pamh, 0) != PAM_SUCCESS || write(ready, &byte, 1) != 1)
		_exit(1);
	while (read(until, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(pam_close_session(pamh, 0) == PAM_SUCCESS ? 0 : 1);
}

/* One after the other, as people log in and out. */
static int release(int until, int held)
{
	int bad = 0;

	for (int i = 0; i < held; i++) {
		int status = 1;

		if (write(until, "", 1) != 1 || wait(&status) < 0 || status != 0)
			bad = 1;
	}
	return bad;
}

static bool start_one(const struct bench *b, char **arg, const int until[2])
{
	int ready[2];
	char byte;
	bool ok;
	pid_t pid;

	if (pipe(ready) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		(void)close(until[1]);
		hold_one(b, arg, ready[1], until[0]);
	}
	(void)close(ready[1]);
	ok = pid > 0 && read(ready[0], &byte, 1) == 1; /* end of file when the child died */
	(void)close(ready[0]);
	return ok;
}

int hold_sessions(const struct bench *b, int count, char **arg)
{
	int until[2], held = 0;
	char byte;

	if (pipe(until) < 0)
		return 1;
	while (held < count && start_one(b, arg, until))
		held++;
	(void)printf("held %d\n", held);
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return release(until[1], held) == 0 && held == count ? 0 : 1;
}
