// SPDX-License-Identifier: Apache-2.0
/*
 * First steps of the helper: refuse wrong callers, shed what the PAM application handed down.
 *
 * Runs in: helper, before the first byte from anybody is read.
 * Trusts: nothing inherited. R1: only root runs it. R2: it holds no set-id privilege. R3: no inherited descriptor
 * but stdio and those that are its own. R4: no inherited limits, umask, signals or out-of-memory score, and nothing of
 * what shed.c names.
 */
#include "helper/process/harden.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/compat.h"
#include "base/err.h"
#include "helper/process/shed.h"

#define STACK_BYTES (8UL * 1024 * 1024) /* as the kernel's own start */

static char *argv_start;
static size_t argv_size;

static void reset_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL); /* fails for SIGKILL, SIGSTOP and libc's own: they are default */
	dfl.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &dfl, NULL); /* a peer that is gone is an errno, not a death */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * pam_limits runs before us: a user's limits must not cut the helper short. Raising a hard limit may be refused where
 * root has no CAP_SYS_RESOURCE; then the hard limit is as good as it gets.
 */
static void reset_limits(void)
{
	/* An unlimited stack would give what is started fixed places for its libraries. */
	static const struct {
		int which;
		struct rlimit want;
	} all[] = {
		{RLIMIT_AS, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_CPU, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_DATA, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_FSIZE, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_NPROC, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_STACK, {STACK_BYTES, RLIM_INFINITY}},
		{RLIMIT_NOFILE, {4096, 4096}},
		{RLIMIT_CORE, {0, 0}},
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(all); i++) {
		struct rlimit now;

		if (setrlimit(all[i].which, &all[i].want) == 0 || getrlimit(all[i].which, &now) < 0)
			continue;
		now.rlim_cur = now.rlim_max < all[i].want.rlim_cur ? now.rlim_max : all[i].want.rlim_cur;
		(void)setrlimit(all[i].which, &now);
	}
}

/* The supervisor must outlive the users' memory hunger; where root may not lower the score it keeps what it has. */
static void set_oom_score(void)
{
	scoped_fd fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "-900", 4) < 0)
		return;
}

int crl_harden(int argc, char **argv, int last, struct crl_err *err)
{
	if (argc < 1 || !argv[0][0]) /* since 5.18 the kernel puts an empty name where there is none */
		return crl_err_set(err, EPERM, CRL_STAGE_HELPER, "called without a name");
	if (getuid() != 0 || geteuid() != 0) /* R1 */
		return crl_err_set(err, EPERM, CRL_STAGE_HELPER, "must be run by root");
	if (getauxval(AT_SECURE)) /* R2 */
		return crl_err_set(err, EPERM, CRL_STAGE_HELPER, "must not have a set-id bit or file capabilities");
	if (close_range((unsigned int)last + 1, ~0u, 0) < 0) /* R3 */
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot close inherited descriptors");
	environ = NULL;
	reset_signals(); /* R4 */
	reset_limits();
	set_oom_score();
	crl_shed();
	(void)umask(077);
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot become undumpable");
	return 0;
}

void crl_remember_argv(int argc, char **argv)
{
	if (argc < 1)
		return;
	argv_start = argv[0];
	argv_size = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);
}

/* Names only: paths of the command line are nobody's business inside the room. */
void crl_rename_process(const char *name)
{
	if (argv_start) {
		memset(argv_start, 0, argv_size);
		(void)snprintf(argv_start, argv_size + 1, "%s", name); /* cut when argv was shorter */
	}
	(void)prctl(PR_SET_NAME, name);
}
