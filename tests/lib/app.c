// SPDX-License-Identifier: Apache-2.0
/*
 * A PAM application that does what its arguments say, one step each: for applications that no test machine has.
 *
 * Runs in: the stage's host, as root. Usage: app SERVICE STEP...
 *   start:USER   a handle of that user becomes the one in use      thread   another thread, which sleeps
 *   use:N        the N-th handle, from 0                           shut     close every descriptor above 2
 *   user:NAME    PAM_USER of the handle                            cd:DIR   change the directory
 *   open close end                                                 pwd      say which it is
 *   as:USER      what a child of that user sees                    fork     a child does the rest, the parent waits
 *   run:COMMAND  by a shell, as root, here                         by:USER:COMMAND
 * Each step but the quiet ones prints one line.
 */
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"

#define HANDLES_MAX 16

struct app {
	const char *service;
	pam_handle_t *handle[HANDLES_MAX];
	int handles;
	int now; /* the handle in use */
};

static int converse(int n, const struct pam_message **msg, struct pam_response **resp, void *arg)
{
	(void)msg;
	(void)arg;
	*resp = calloc((size_t)n, sizeof(**resp));
	return *resp ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void fail(const char *what)
{
	(void)printf("%s: %s\n", what, strerror(errno));
	exit(3);
}

static const char *user_of(pam_handle_t *h)
{
	const void *user = NULL;

	return pam_get_item(h, PAM_USER, &user) == PAM_SUCCESS && user ? user : "?";
}

static void start(struct app *a, const char *user)
{
	static const struct pam_conv conv = {.conv = converse};

	if (a->handles == HANDLES_MAX || pam_start(a->service, user, &conv, &a->handle[a->handles]) != PAM_SUCCESS)
		fail("start");
	a->now = a->handles++;
	(void)pam_set_item(a->handle[a->now], PAM_TTY, "app");
}

static void report(const char *step, const struct app *a, int code)
{
	(void)printf("%s %s %s\n", step, user_of(a->handle[a->now]),
		     code == PAM_SUCCESS       ? "ok"
		     : code == PAM_PERM_DENIED ? "refused"
					       : "failed");
}

/* In a child, which fails to start where the room is dead. */
static void in_child(const char *user, const char *command)
{
	const struct passwd *pw = getpwnam(user);
	int status;
	pid_t pid;

	if (!pw)
		fail(user);
	pid = fork();
	if (pid < 0) {
		(void)printf("%s cannot be forked: %s\n", user, strerror(errno));
		return;
	}
	if (pid == 0) {
		if (pw->pw_uid != 0 && (initgroups(user, pw->pw_gid) || setgid(pw->pw_gid) || setuid(pw->pw_uid)))
			_exit(8);
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(7);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 6)
		(void)printf("%s did not run\n", user);
}

static void look(const char *user)
{
	in_child(user, "echo \"$(id -un) is in $(sed -n 's/^uid=/the room of /p' /run/carrel-room 2>/dev/null |"
		       " grep . || echo no room) and sees homes: $(ls /home | tr '\\n' ' ')\"");
}

static void *sleep_for_ever(void *arg)
{
	for (;;)
		(void)pause();
	return arg;
}

static void plain_step(struct app *a, const char *step)
{
	char cwd[512];
	pthread_t t;
	int code;

	if (strcmp(step, "open") == 0) {
		report(step, a, pam_open_session(a->handle[a->now], 0));
	} else if (strcmp(step, "close") == 0) {
		report(step, a, pam_close_session(a->handle[a->now], 0));
	} else if (strcmp(step, "end") == 0) {
		code = pam_end(a->handle[a->now], PAM_SUCCESS);
		(void)printf("end %s\n", code == PAM_SUCCESS ? "ok" : "failed");
	} else if (strcmp(step, "pwd") == 0) {
		(void)printf("in %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : strerror(errno));
	} else if (strcmp(step, "shut") == 0) {
		(void)close_range(3, ~0u, 0);
	} else if (strcmp(step, "thread") == 0) {
		if (pthread_create(&t, NULL, sleep_for_ever, NULL) != 0)
			fail(step);
	} else if (strcmp(step, "fork") == 0) {
		pid_t pid = fork();

		if (pid < 0)
			fail(step);
		if (pid > 0) {
			(void)waitpid(pid, NULL, 0);
			exit(0);
		}
	} else {
		fail(step);
	}
}

static void do_step(struct app *a, char *step)
{
	char *value = strchr(step, ':');

	if (!value) {
		plain_step(a, step);
		return;
	}
	*value++ = '\0';
	if (strcmp(step, "start") == 0)
		start(a, value);
	else if (strcmp(step, "use") == 0)
		a->now = atoi(value) % HANDLES_MAX;
	else if (strcmp(step, "user") == 0)
		(void)pam_set_item(a->handle[a->now], PAM_USER, value);
	else if (strcmp(step, "cd") == 0 && chdir(value) < 0)
		fail(value);
	else if (strcmp(step, "as") == 0)
		look(value);
	else if (strcmp(step, "run") == 0)
		in_child("root", value);
	else if (strcmp(step, "by") == 0 && strchr(value, ':')) {
		char *command = strchr(value, ':');

		*command++ = '\0';
		in_child(value, command);
	}
}

int main(int argc, char **argv)
{
	struct app a = {.service = argc > 1 ? argv[1] : "app"};

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 2; i < argc; i++)
		do_step(&a, argv[i]);
	return 0;
}
