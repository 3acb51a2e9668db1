// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl try, confirm: a configuration that goes back by itself.
 *
 * R1: nothing counts that has not been checked, and what is checked is the copy that will count.
 * R2: only a login that began after the trial confirms it: one that has seen the door open.
 */
#include "ctl/commands.h"

#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/path.h"
#include "base/scope.h"
#include "ctl/check/check.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/login_start.h"
#include "ctl/conf/who.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/print/units.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "state/trial/store.h"
#include "state/trial/trial.h"

/* When a process began is known to 10 ms, see origin.h: what begins once we are done is later than the record. */
#define TICK_MS 20

/* Where a candidate comes from. */
struct source {
	char file[PATH_MAX];
	char dropins[PATH_MAX];
};

CRL_PRINTF(1, 2) static void tell_log(const char *fmt, ...)
{
	char text[512], by[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ctl_who_acts(by, sizeof(by));
	crl_log_open(NULL, false);
	crl_log(LOG_NOTICE, "%s by=%s pid=%d", text, by, (int)getpid());
}

static uint64_t seconds_left(const struct crl_trial *t)
{
	struct crl_trial_now now;

	if (crl_trial_clock(&now) < 0 || now.ms >= t->until_ms)
		return 0;
	return (t->until_ms - now.ms + 999) / 1000;
}

static enum ctl_exit tell_status(const struct ctl *c)
{
	struct crl_err err = {0};
	struct crl_trial t;
	char until[32];

	switch (crl_trial_look(c->config, &t, &err)) {
	case CRL_TRIAL_RUNNING:
		crl_trial_until(&t, until, sizeof(until));
		(void)printf("on trial for another %" PRIu64 " s, until %s; begun by %s\n", seconds_left(&t), until,
			     t.by);
		return CTL_YES;
	case CRL_TRIAL_CONFIRMED:
		(void)printf("confirmed, but not yet in place: carrelctl confirm goes on with it\n");
		return CTL_YES;
	case CRL_TRIAL_OVER:
		crl_trial_until(&t, until, sizeof(until));
		(void)printf("nothing is on trial; the last trial ended unconfirmed, at the latest at %s\n", until);
		return CTL_NO;
	case CRL_TRIAL_BROKEN:
		return ctl_complain(c, CTL_NO, "nothing is on trial: %s", err.text);
	case CRL_TRIAL_NONE:
	default:
		(void)printf("nothing is on trial\n");
		return CTL_NO;
	}
}

/* FILE, or DIR with a file of the configuration's name; FILE alone goes with the drop-ins that are there. */
static int find_source(const struct ctl *c, const struct crl_trial_store *s, const char *given, struct source *ret,
		       struct crl_err *err)
{
	char path[PATH_MAX], whole[PATH_MAX];
	struct stat st;
	int n;

	if (given)
		n = snprintf(path, sizeof(path), "%s", given);
	else
		n = snprintf(path, sizeof(path), "%.*s.new", (int)(s->file - c->config) - 1, c->config);
	if (n < 0 || n >= PATH_MAX)
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_CONFIG, "the path is too long");
	if (!realpath(path, whole) || stat(whole, &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "%s: %s", path, strerrordesc_np(errno));
	if (S_ISDIR(st.st_mode)) {
		n = snprintf(ret->file, PATH_MAX, "%s/%s", whole, s->file);
		if (n < 0 || n >= PATH_MAX)
			return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_CONFIG, "the path is too long");
		n = snprintf(ret->dropins, PATH_MAX, "%s/policy.d", whole);
	} else {
		(void)snprintf(ret->file, PATH_MAX, "%s", whole);
		n = 0;
		ctl_beside_config(c, "policy.d", ret->dropins);
	}
	return n < 0 || n >= PATH_MAX ? crl_err_set(err, ENAMETOOLONG, CRL_STAGE_CONFIG, "the path is too long") : 0;
}

/* What was found in the copy is to be mended in the original. */
static void name_original(struct ctl_table *t, const char *copy, const char *original)
{
	for (size_t i = 0; i < t->cells; i++) {
		char *at = t->cell[i] ? strstr(t->cell[i], copy) : NULL;
		char *text = NULL;

		if (!at)
			continue;
		if (asprintf(&text, "%.*s%s%s", (int)(at - t->cell[i]), t->cell[i], original, at + strlen(copy)) < 0)
			continue;
		free(t->cell[i]);
		t->cell[i] = text;
	}
}

/* R1. Prints what there is to say. */
static bool is_good(const struct ctl *c, const struct source *from, const char *copy)
{
	struct ctl_findings f = CTL_FINDINGS_NONE;
	struct crl_config *config = NULL;
	struct ctl here = *c;
	char dropins[PATH_MAX];

	here.config = copy;
	ctl_beside_config(&here, "policy.d", dropins);
	ctl_check_config(&f, copy, &config);
	ctl_findings_acknowledge(&f, config, false);
	crl_config_free(config);
	name_original(&f.table, dropins, from->dropins);
	name_original(&f.table, copy, from->file);
	ctl_findings_print(c, &f);
	return f.count[CTL_ERROR] == 0;
}

static enum ctl_exit begin(const struct ctl *c, const struct crl_trial_store *s, const char *given)
{
	struct crl_err err = {0};
	struct source from;
	struct crl_trial t;
	char copy[PATH_MAX], by[sizeof(t.by)], until[32];

	crl_trial_tidy(s);
	if (find_source(c, s, given, &from, &err) < 0 || crl_trial_stage(s, from.file, from.dropins, copy, &err) < 0) {
		crl_trial_tidy(s);
		return ctl_error(c, &err);
	}
	if (!is_good(c, &from, copy)) {
		crl_trial_tidy(s);
		return ctl_complain(c, CTL_NO, "this configuration has errors: nothing is changed");
	}
	ctl_who_acts(by, sizeof(by));
	if (crl_trial_begin(s, c->duration_ms, by, &t, &err) < 0) {
		crl_trial_tidy(s);
		return ctl_error(c, &err);
	}
	crl_pause_ms(TICK_MS);
	tell_log("configuration on trial for %" PRIu64 " s: %s, trial=%s", c->duration_ms / 1000, from.file, t.id);
	crl_trial_until(&t, until, sizeof(until));
	(void)printf("On trial for %" PRIu64 " s, until %s: new logins get it, open ones keep their rooms.\n"
		     "Now log in anew, and there: carrelctl confirm. Without that it goes back by itself.\n"
		     "At once: carrelctl try --cancel\n",
		     (c->duration_ms + 999) / 1000, until);
	return CTL_YES;
}

static enum ctl_exit begin_unless_running(const struct ctl *c, const struct crl_trial_store *s, const char *given)
{
	struct crl_err err = {0};
	scoped_fd old = -EBADF;
	struct crl_trial t;

	switch (crl_trial_look(c->config, &t, &err)) {
	case CRL_TRIAL_RUNNING:
		return ctl_complain(c, CTL_NO,
				    "%s has one on trial for another %" PRIu64
				    " s: carrelctl confirm keeps it, carrelctl try --cancel ends it",
				    t.by, seconds_left(&t));
	case CRL_TRIAL_CONFIRMED:
		return ctl_complain(c, CTL_NO,
				    "the last one is confirmed, but not yet in place: first carrelctl confirm");
	case CRL_TRIAL_BROKEN:
		return ctl_complain(c, CTL_NO, "%s: first carrelctl try --cancel, which removes it", err.text);
	case CRL_TRIAL_OVER:
		if (crl_trial_end(s, &err) < 0)
			return ctl_error(c, &err);
		break;
	case CRL_TRIAL_NONE:
	default:
		break;
	}
	/* What there is to go back to. */
	if (crl_path_open_trusted(c->config, CRL_PATH_FILE, CRL_STAGE_CONFIG, &old, &err) < 0)
		return ctl_error(c, &err);
	return begin(c, s, given);
}

static enum ctl_exit cancel(const struct ctl *c, const struct crl_trial_store *s)
{
	struct crl_err err = {0};
	struct crl_trial t;
	enum crl_trial_state state = crl_trial_look(c->config, &t, &err);

	if (state == CRL_TRIAL_NONE)
		return ctl_complain(c, CTL_NO, "nothing is on trial");
	if (state == CRL_TRIAL_CONFIRMED)
		return ctl_complain(c, CTL_NO,
				    "it is confirmed: what it replaced is in " CRL_TRIAL_BACKUP
				    "; carrelctl confirm puts the last of it in place");
	if (crl_trial_end(s, &err) < 0)
		return ctl_error(c, &err);
	if (state != CRL_TRIAL_RUNNING)
		return ctl_complain(c, CTL_NO, "nothing was on trial any more; what was left of it is removed");
	tell_log("trial of a configuration cancelled: trial=%s", t.id);
	(void)printf("The trial has ended: the configuration from before it counts again.\n");
	return CTL_YES;
}

/* Root alone may, and one at a time. */
static int open_store(const struct ctl *c, struct crl_trial_store *ret, struct crl_err *err)
{
	if (geteuid() != 0)
		return crl_err_set(err, EPERM, CRL_STAGE_CONFIG, "only root can do that");
	return crl_trial_store_open(c->config, ret, err);
}

static bool take_minutes(struct ctl *c, const struct ctl_option *o, const char *value)
{
	uint64_t hundredths;

	(void)o;
	if (ctl_parse_decimal(value, 2, 10, 1440000, &hundredths) == 0) {
		c->duration_ms = hundredths * 60;
		return true;
	}
	(void)fprintf(stderr, "carrelctl: --minutes wants a number from 0.01 to 1440, with two decimals at most\n");
	return false;
}

static enum ctl_exit run_try(const struct ctl *c, int argc, char **argv)
{
	scoped(crl_trial_store) s = CRL_TRIAL_STORE_INIT;
	struct crl_err err = {0};

	if ((c->status || c->cancel) && (argc > 0 || (c->status && c->cancel)))
		return ctl_complain(c, CTL_USAGE, "--status and --cancel go alone");
	if (c->status)
		return tell_status(c);
	if (open_store(c, &s, &err) < 0)
		return ctl_error(c, &err);
	return c->cancel ? cancel(c, &s) : begin_unless_running(c, &s, argc > 0 ? argv[0] : NULL);
}

const struct ctl_command ctl_try_command = {
	.name = "try",
	.usage = "[FILE|DIR]",
	.summary = "let a new configuration count for some minutes",
	.options =
		(const struct ctl_option[]){
			{.name = "minutes",
			 .value = "N",
			 .help = "how long, 0.01 to 1440; 10 without it",
			 .take = take_minutes,
			 .at = offsetof(struct ctl, duration_ms)},
			{.name = "status", .help = "only tell what is on trial, and until when", CTL_FLAG(status)},
			{.name = "cancel",
			 .help = "end the trial: the configuration from before it counts again",
			 CTL_FLAG(cancel)},
			CTL_OPTIONS_OF_FINDINGS,
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl try --minutes 10 /etc/carrel.new",
			"carrelctl try --cancel",
			NULL,
		},
	.most = 1,
	.offer = CTL_OFFER_FILE,
	.run = run_try,
};

/* R2 */
static enum ctl_exit check_login(const struct ctl *c, const struct crl_trial *t)
{
	struct crl_err err = {0};
	uint64_t start_ms;
	uint32_t session;
	int rc = ctl_own_login_start(&start_ms, &session, &err);

	if (rc == -ENOENT)
		return ctl_complain(c, CTL_NO, "%s", err.text);
	if (rc < 0)
		return ctl_error(c, &err);
	if (start_ms < t->begun_ms)
		return ctl_complain(c, CTL_NO,
				    "this login began before the trial did, so it proves nothing: log in anew and "
				    "confirm from there (%" PRIu64 " s left)",
				    seconds_left(t));
	return CTL_YES;
}

static enum ctl_exit keep(const struct ctl *c, const struct crl_trial_store *s, const struct crl_trial *t)
{
	enum ctl_exit status = t->confirmed ? CTL_YES : check_login(c, t);
	struct crl_err err = {0};
	char backup[PATH_MAX];
	int rc;

	if (status != CTL_YES)
		return status;
	rc = crl_trial_confirm(s, t, &err);
	if (rc == -ETIMEDOUT)
		return ctl_complain(c, CTL_NO, "%s: carrelctl try begins another", err.text);
	if (rc < 0)
		return ctl_error(c, &err);
	tell_log("configuration confirmed: trial=%s", t->id);
	ctl_beside_config(c, CRL_TRIAL_BACKUP, backup);
	(void)printf("Confirmed: %s is the configuration now; what it replaced is in %s\n", c->config, backup);
	return CTL_YES;
}

static enum ctl_exit run_confirm(const struct ctl *c, int argc, char **argv)
{
	scoped(crl_trial_store) s = CRL_TRIAL_STORE_INIT;
	struct crl_err err = {0};
	struct crl_trial t;

	(void)argc, (void)argv;
	if (c->status)
		return tell_status(c);
	if (open_store(c, &s, &err) < 0)
		return ctl_error(c, &err);
	switch (crl_trial_look(c->config, &t, &err)) {
	case CRL_TRIAL_RUNNING:
	case CRL_TRIAL_CONFIRMED:
		return keep(c, &s, &t);
	case CRL_TRIAL_OVER:
		return ctl_complain(c, CTL_NO,
				    "too late: the trial is over, and the configuration from before it counts");
	case CRL_TRIAL_BROKEN:
		return ctl_complain(c, CTL_NO, "nothing is on trial: %s", err.text);
	case CRL_TRIAL_NONE:
	default:
		return ctl_complain(c, CTL_NO, "nothing is on trial");
	}
}

const struct ctl_command ctl_confirm_command = {
	.name = "confirm",
	.usage = "",
	.summary = "keep the configuration on trial",
	.options =
		(const struct ctl_option[]){
			{.name = "status", .help = "only tell what is on trial, and until when", CTL_FLAG(status)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl confirm",
			NULL,
		},
	.run = run_confirm,
};
