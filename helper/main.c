// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-helper: makes the room of one login, then keeps it. Here: the command line, and which of its tasks it is.
 *
 * Runs in: a process of its own, root, host namespaces, started by pam_carrel.so with its socket on descriptor 3.
 * Trusts: its command line (root's PAM configuration). It has no setuid bit and needs none.
 */
#include "helper/options.h"

#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <syslog.h>

#include "apply/limits/cgroup_leave.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "helper/event.h"
#include "helper/job.h"
#include "helper/parts/may_have_manager.h"
#include "helper/process/harden.h"
#include "helper/reload.h"
#include "helper/serve.h"
#include "helper/sweep.h"
#include "wire/version.h"

#define TIMEOUT_MAX_S 600

static int parse_options(int argc, char **argv, struct crl_options *o, struct crl_err *err)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"state", required_argument, NULL, 's'},
		{"timeout", required_argument, NULL, 't'},
		{"debug", no_argument, NULL, 'd'},
		{"sweep", no_argument, NULL, 'w'},
		{"reload", no_argument, NULL, 'r'},
		{"policy", required_argument, NULL, 'p'},
		{"rehearse", no_argument, NULL, 'R'},
		{"may-have-manager", required_argument, NULL, 'm'},
		{NULL, 0, NULL, 0},
	};
	uint64_t seconds = CRL_TIMEOUT_DEFAULT_S;

	opterr = 0;
	for (int opt; (opt = getopt_long(argc, argv, "", table, NULL)) != -1;) {
		if (opt == 'c')
			o->config = optarg;
		else if (opt == 's')
			o->state = optarg;
		else if (opt == 'p')
			o->policy = optarg;
		else if (opt == 'm')
			o->manager_of = optarg;
		else if (opt == 'R')
			o->rehearse = true;
		else if (opt == 'd')
			o->debug = true;
		else if (opt == 'w')
			o->sweep = true;
		else if (opt == 'r')
			o->reload = true;
		else if (opt != 't' || crl_parse_uint(optarg, 1, TIMEOUT_MAX_S, &seconds) < 0)
			return crl_err_set(err, EINVAL, CRL_STAGE_HELPER, "unknown or wrong option %s",
					   argv[optind - 1]);
	}
	if (optind < argc)
		return crl_err_set(err, EINVAL, CRL_STAGE_HELPER, "unexpected argument %s", argv[optind]);
	o->timeout_s = (unsigned int)seconds;
	return 0;
}

static void on_alarm(int sig)
{
	(void)sig; /* only ends a blocking wait with EINTR */
}

/* No step waits for ever: what blocks in the kernel is interrupted again and again after the deadline. */
static void arm_deadline(const struct crl_options *o)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct itimerval t = {.it_value.tv_sec = o->timeout_s, .it_interval.tv_usec = 100000};

	(void)sigaction(SIGALRM, &sa, NULL);
	(void)setitimer(ITIMER_REAL, &t, NULL);
}

/* Else a user could stop us while others' logins wait for what we have locked, and the steward, which we start. */
static void leave_users_cgroup(void)
{
	int rc = crl_cgroup_leave_users();

	if (rc < 0)
		crl_log(LOG_WARNING, "stays in the control group that it was started in, which may be a user's: %s",
			strerror(-rc));
}

int main(int argc, char **argv)
{
	struct crl_options options = {.config = CRL_CONFIG_PATH, .state = CRL_STATE_DIR};
	static struct crl_job *job; /* lives as long as the process */
	struct crl_err err = {0};
	int rc;

	if (crl_version_told(argc, argv))
		return 0;
	rc = crl_harden(argc, argv, CRL_CHANNEL_FD, &err);
	job = crl_job_new(&options);
	if (rc == 0)
		rc = parse_options(argc, argv, &options, &err);
	crl_log_set(NULL, options.debug); /* connected when there is something to say: nobody waits for it then */
	if (rc < 0 || !job) {
		crl_log(LOG_ERR, "%s", err.text);
		(void)fprintf(stderr, "carrel-helper: %s\n", err.text);
		return 111;
	}
	if (options.manager_of)
		return crl_may_have_manager(&options);
	leave_users_cgroup();
	if (options.sweep || options.reload) {
		rc = options.sweep ? crl_sweep(&options, &err) : crl_reload(&options, &err);
		if (rc < 0)
			(void)fprintf(stderr, "carrel-helper: %s\n", err.text);
		return rc < 0 ? 111 : rc > 0 ? 1 : 0;
	}
	crl_remember_argv(argc, argv);
	job->begun_us = crl_now_us();
	job->deadline_ms = crl_now_ms() + (int64_t)options.timeout_s * 1000;
	arm_deadline(&options);
	rc = crl_serve(job, &err);
	if (rc < 0)
		crl_job_refuse(job, &err);
	return rc < 0 ? 1 : 0;
}
