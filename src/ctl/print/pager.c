// SPDX-License-Identifier: Apache-2.0
/*
 * Long answers to a terminal go through a pager; see pager.h.
 *
 * Runs in: the administrator's terminal.
 * Owns: R1 who got root by sudo for this command only gets no shell out of it: no pager of their choice, and less in
 * its secure mode.
 */
#include "ctl/print/pager.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/print/out.h"

#define WORDS_MAX 16
#define BUFFER 65536

/*
 * End at once when it fits, keep colours, leave the text on the screen. Cut lines make it wait even for a short table
 * that is wider than the screen: only where it waits anyway.
 */
#define LESS_OPTIONS "FRX"
#define LESS_OPTIONS_LONG "FRSX"

/* The one pager of this process. */
static struct {
	bool wanted;
	pid_t pid;
	int stderr_copy; /* the real one, while messages go through the pager, too */
} pager = {.stderr_copy = -EBADF};

struct choice {
	char text[256];
	char *word[WORDS_MAX];
	bool secure;
	bool is_long;
};

/* The login's uid stays what it was through sudo, su and the like. */
static bool is_borrowed_root(void)
{
	unsigned int uid = (unsigned int)-1;
	char text[32];
	bool known = crl_file_read(AT_FDCWD, "/proc/self/loginuid", text, sizeof(text)) > 0 &&
		     sscanf(text, "%u", &uid) == 1 && uid != (unsigned int)-1;

	return getenv("SUDO_UID") || (geteuid() == 0 && known && uid != 0);
}

/* Words are split at blanks, no shell reads them. Returns false when there is to be none. */
static bool choose(struct choice *p)
{
	const char *wish = getenv("PAGER");
	char *rest = NULL;
	size_t n = 0;

	p->secure = is_borrowed_root();
	if (wish && strcmp(wish, "cat") == 0)
		return false;
	if (!wish || (p->secure && wish[0])) /* R1 */
		wish = p->secure ? "/usr/bin/less" : "less";
	if (strlen(wish) >= sizeof(p->text))
		return false;
	(void)strcpy(p->text, wish);
	for (char *word = strtok_r(p->text, " \t", &rest); word && n + 1 < WORDS_MAX;
	     word = strtok_r(NULL, " \t", &rest))
		p->word[n++] = word;
	return n > 0;
}

static void set_less(const struct choice *p)
{
	(void)setenv("LESS", p->is_long ? LESS_OPTIONS_LONG : LESS_OPTIONS, p->secure);
	(void)setenv("LV", "-c", 0);
	if (!p->secure)
		return;
	/* R1 */
	(void)setenv("LESSSECURE", "1", 1);
	(void)setenv("LESSHISTFILE", "-", 1);
	for (size_t i = 0; i < 6; i++)
		(void)unsetenv((const char *[]){"LESSOPEN", "LESSCLOSE", "LESSKEY", "LESSKEYIN", "LESSKEY_SYSTEM",
						"LESSEDIT"}[i]);
}

static _Noreturn void be_pager(struct choice *p, int from, int trouble)
{
	int code;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	set_less(p);
	if (dup2(from, STDIN_FILENO) == STDIN_FILENO)
		(void)execvp(p->word[0], p->word);
	code = errno;
	crl_ignore((int)write(trouble, &code, sizeof(code))); /* then the parent sees an end without a word */
	_exit(127);
}

/* Returns when it runs, or does not: 0 or -errno. */
static int start(struct choice *p)
{
	int data[2], trouble[2], code = 0;

	if (pipe2(data, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(trouble, O_CLOEXEC) < 0) {
		code = -errno;
		(void)close(data[0]);
		(void)close(data[1]);
		return code;
	}
	pager.pid = fork();
	if (pager.pid == 0)
		be_pager(p, data[0], trouble[1]);
	(void)close(data[0]);
	(void)close(trouble[1]);
	if (pager.pid > 0 && read(trouble[0], &code, sizeof(code)) == (ssize_t)sizeof(code))
		(void)waitpid(pager.pid, NULL, 0);
	if (pager.pid < 0 || code != 0 || dup2(data[1], STDOUT_FILENO) < 0)
		pager.pid = 0;
	(void)close(trouble[0]);
	(void)close(data[1]);
	return -code;
}

void ctl_pager_prepare(const struct ctl *c)
{
	if (c->no_pager || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return;
	/* What is printed before the first table goes to the pager with it. */
	pager.wanted = setvbuf(stdout, NULL, _IOFBF, BUFFER) == 0;
}

void ctl_pager_start(const struct ctl *c, size_t lines)
{
	struct choice p = {.text = ""};
	struct winsize size;
	int rc;

	if (!pager.wanted)
		return;
	pager.wanted = false;
	if (!choose(&p))
		return;
	p.is_long = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && lines >= size.ws_row;
	rc = start(&p);
	if (rc < 0)
		(void)ctl_complain(c, CTL_YES, "cannot run the pager %s: %s (--no-pager does without)", p.word[0],
				   strerrordesc_np(-rc));
	if (pager.pid == 0)
		return;
	if (isatty(STDERR_FILENO)) { /* else a message would be written across its screen */
		pager.stderr_copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	}
	/* Ctrl-C is the pager's, and who leaves it early has seen enough. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGQUIT, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
}

bool ctl_pager_end(void)
{
	bool written = fflush(stdout) == 0 && !ferror(stdout);

	if (pager.pid == 0)
		return written;
	(void)close(STDOUT_FILENO);
	if (pager.stderr_copy >= 0)
		(void)dup2(pager.stderr_copy, STDERR_FILENO);
	drop_fd(&pager.stderr_copy);
	while (waitpid(pager.pid, NULL, 0) < 0 && errno == EINTR)
		;
	return true;
}
