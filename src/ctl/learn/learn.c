// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl learn: what logins under a policy call, watched for a while, and a proposal made of it.
 *
 * What counts is the file (state/learn/learning.h): it goes on when this program ends, whatever ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/dir.h"
#include "base/err.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/storepath.h"
#include "ctl/learn/propose.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "policy/file/load.h"
#include "policy/filter/sysgroups.h"
#include "state/learn/learning.h"
#include "state/learn/tally.h"
#include "state/rooms/record.h"
#include "state/trial/trial.h"
#include "store/store.h"

#define FOR_S 3600 /* without --for */
#define RECORD_WAIT_MS 2500 /* listeners write down what they saw within two seconds */
#define ENDING ".on"
#define SEEN ".seen"
#define USERS_MAX 100000 /* that are looked at for the one who was meant */
#define TIME_MAX 32

/* ---- --status ------------------------------------------------------------------------------------------------- */

static const struct ctl_column columns[] = {
	{"POLICY", false}, {"USER", false}, {"STATE", false}, {"UNTIL", false}, {"CALLS", true},
};

/* "" = no time that could be printed */
static const char *print_until(int64_t wall, char text[TIME_MAX])
{
	time_t when = (time_t)wall;
	struct tm tm;

	if (!localtime_r(&when, &tm) || strftime(text, TIME_MAX, "%F %T", &tm) == 0)
		text[0] = '\0';
	return text;
}

static void cell_until(struct ctl_table *t, int64_t wall)
{
	char text[TIME_MAX];

	if (print_until(wall, text)[0])
		ctl_cell(t, "%s", text);
	else
		ctl_no_cell(t);
}

/* Where it says what is learned, and where what was seen is kept. */
struct learned_dirs {
	int on; /* STATE/learn */
	int seen; /* STORE/learn */
};

static void add_row(struct ctl_table *t, const struct learned_dirs *at, const char *policy)
{
	scoped(crl_tally) seen = {0};
	struct crl_learning l;
	int rc = crl_learning_read(at->on, policy, &l);

	ctl_cell(t, "%s", policy);
	if (rc < 0)
		ctl_no_cell(t);
	else
		ctl_cell(t, "%s", strcmp(l.user, "-") == 0 ? "all" : l.user);
	ctl_cell(t, "%s", crl_learning_goes_on(at->on, policy) ? "learning" : rc == 0 ? "over" : "stopped");
	if (rc < 0)
		ctl_no_cell(t);
	else
		cell_until(t, l.until_wall);
	ctl_cell_number(t, crl_tally_read(at->seen, policy, &seen) < 0 ? 0 : seen.len);
}

/* A row for each policy that has such a file there. @but  not those that have this one in STATE/learn; NULL = all */
static int add_rows(struct ctl_table *t, const struct learned_dirs *at, const char *ending, const char *but)
{
	scoped(crl_dir) names = {0};
	int rows = 0, rc = crl_dir_open(but ? at->seen : at->on, ".", &names);

	if (rc < 0)
		return rc;
	for (const char *name; (name = crl_dir_next(&names));) {
		char policy[CRL_POLICY_NAME_MAX], other[CRL_POLICY_NAME_MAX + 8];
		const char *dot = strrchr(name, '.');

		if (!dot || dot == name || strcmp(dot, ending) != 0 || (size_t)(dot - name) >= sizeof(policy))
			continue;
		(void)snprintf(policy, sizeof(policy), "%.*s", (int)(dot - name), name);
		(void)snprintf(other, sizeof(other), "%s%s", policy, but ? but : "");
		if (but && faccessat(at->on, other, F_OK, 0) == 0)
			continue;
		add_row(t, at, policy);
		rows++;
	}
	return rows;
}

/* Of every policy that is learned, or of which something was seen: each has one of the two files, or both. */
static enum ctl_exit tell_status(const struct ctl *c, const struct learned_dirs *at)
{
	struct ctl_table t = {.column = columns, .columns = CRL_ARRAY_LEN(columns)};
	int on = add_rows(&t, at, ENDING, NULL), seen = on < 0 ? on : add_rows(&t, at, SEEN, ENDING);
	bool any = on > 0 || seen > 0;

	if (seen < 0)
		(void)ctl_complain(c, CTL_FAIL, "cannot read what is learned: %s", strerrordesc_np(-seen));
	else if (any || c->json)
		ctl_table_print(c, &t);
	else
		(void)printf("No policy is learned.\n");
	ctl_table_done(&t);
	return seen < 0 ? CTL_FAIL : any ? CTL_YES : CTL_NO;
}

/* ---- --propose, --merge --------------------------------------------------------------------------------------- */

/* What the policy lets now, and the core, worked out from the same groups. */
struct proposal_sets {
	struct crl_callset *core;
	struct crl_callset *now;
	struct crl_policy policy; /* its own lists */
	bool has_filter;
};

static int build_sets(const struct ctl *c, struct proposal_sets *ret, struct crl_err *err)
{
	const struct crl_seccomp core = {.base = "@core"};
	scoped(crl_sysgroups) groups = {0};
	struct crl_config *config = NULL;
	char path[512];
	int rc = ctl_load_config(c, &config, err);

	if (rc < 0)
		return rc;
	(void)snprintf(path, sizeof(path), "%s/syscalls.conf", crl_config_data_dir(config));
	rc = crl_config_policy(config, c->policy, &ret->policy, err);
	if (rc == 0)
		rc = crl_sysgroups_load(path, &groups, err);
	if (rc == 0)
		rc = crl_callset_build(&core, &groups, ret->core, err);
	ret->has_filter = rc == 0 && ret->policy.seccomp.base[0] != '\0';
	if (ret->has_filter)
		rc = crl_callset_build(&ret->policy.seccomp, &groups, ret->now, err);
	crl_config_free(config);
	return rc;
}

/* For a drop-in's name, which is a policy's as well. */
static void name_proposal(const struct ctl *c, char name[CRL_POLICY_NAME_MAX])
{
	(void)snprintf(name, CRL_POLICY_NAME_MAX, "%.*s-learned", CRL_POLICY_NAME_MAX - 9, c->policy);
}

static enum ctl_exit put_proposal(const struct ctl *c, const char *text, size_t len)
{
	char beside[4096];
	int rc;

	if (!c->merge) {
		(void)fwrite(text, 1, len, stdout);
		return CTL_YES;
	}
	if (snprintf(beside, sizeof(beside), "%s.new", c->merge) >= (int)sizeof(beside))
		return ctl_complain(c, CTL_USAGE, "%s: the name is too long", c->merge);
	rc = crl_file_replace(
		AT_FDCWD,
		&(struct crl_file){
			.name = c->merge, .beside = beside, .data = text, .len = len, .mode = 0644, .durable = true});
	return rc < 0 ? ctl_complain(c, CTL_FAIL, "cannot write %s: %s", c->merge, strerrordesc_np(-rc)) : CTL_YES;
}

static enum ctl_exit make_proposal(const struct ctl *c, const struct proposal_sets *sets, const struct crl_tally *seen)
{
	scoped_free char *text = NULL;
	struct ctl_earlier kept = {0};
	char name[CRL_POLICY_NAME_MAX];
	struct crl_err err = {0};
	enum ctl_exit status;
	size_t len;

	name_proposal(c, name);
	if (c->merge && access(c->merge, F_OK) == 0 && ctl_proposal_read(c->merge, name, &kept, &err) < 0) {
		ctl_proposal_done(&kept);
		return ctl_error(c, &err);
	}
	status = ctl_propose(&(struct ctl_proposal){.policy = c->policy,
						    .name = name,
						    .seen = seen,
						    .core = sets->core,
						    .now = sets->has_filter ? sets->now : NULL,
						    .args = sets->has_filter ? sets->policy.seccomp.args : NULL,
						    .kept = &kept},
			     &text, &len) < 0
			 ? ctl_complain(c, CTL_FAIL, "out of memory")
			 : put_proposal(c, text, len);
	ctl_proposal_done(&kept);
	return status;
}

static enum ctl_exit propose(const struct ctl *c, int seen_dir)
{
	scoped_free struct crl_callset *core = malloc(sizeof(*core)), *now = malloc(sizeof(*now));
	struct proposal_sets sets = {.core = core, .now = now};
	scoped(crl_tally) seen = {0};
	struct crl_err err = {0};
	enum ctl_exit status;
	int rc;

	if (!core || !now || build_sets(c, &sets, &err) < 0) {
		crl_policy_done(&sets.policy);
		return ctl_error(c, &err);
	}
	rc = crl_tally_read(seen_dir, c->policy, &seen);
	if (rc == -ENOENT)
		status = ctl_complain(c, CTL_NO, "nothing was seen under policy %s yet", c->policy);
	else if (rc < 0)
		status = ctl_complain(c, CTL_FAIL, "what was seen under policy %s cannot be read: %s", c->policy,
				      strerrordesc_np(-rc));
	else
		status = make_proposal(c, &sets, &seen);
	crl_policy_done(&sets.policy);
	return status;
}

/* ---- the command ---------------------------------------------------------------------------------------------- */

static int check_policy(const struct ctl *c, struct crl_err *err)
{
	scoped(crl_policy) policy = {0};
	struct crl_config *config = NULL;
	int rc = ctl_load_config(c, &config, err);

	if (rc < 0)
		return rc;
	rc = crl_config_policy(config, c->policy, &policy, err);
	if (rc == 0 && !policy.seccomp.base[0])
		rc = crl_err_set(err, EINVAL, CRL_STAGE_FILTER, "policy %s has no filter, whose calls could be learned",
				 c->policy);
	crl_config_free(config);
	return rc;
}

/* Is that a user of this host? */
static int check_user(const char *user, struct crl_err *err)
{
	char hint[CRL_NEAREST_HINT];
	struct crl_nearest nearest;
	const struct passwd *pw;

	if (!user || getpwnam(user))
		return 0;
	crl_nearest_begin(&nearest, user);
	setpwent();
	for (size_t n = 0; n < USERS_MAX && (pw = getpwent()) != NULL; n++)
		crl_nearest_offer(&nearest, pw->pw_name);
	endpwent();
	return crl_err_set(err, ENOENT, CRL_STAGE_REQUEST, "--user: there is no user '%s'%s", user,
			   crl_nearest_hint(&nearest, hint, sizeof(hint)));
}

/* What goes on already is not replaced by the way: its user and its end would be lost. */
static int check_free(const struct ctl *c, int dir, struct crl_err *err)
{
	struct crl_learning l;
	char until[TIME_MAX];
	bool all;

	if (c->replace || !crl_learning_goes_on(dir, c->policy) || crl_learning_read(dir, c->policy, &l) < 0)
		return 0;
	all = strcmp(l.user, "-") == 0;
	return crl_err_set(err, EEXIST, CRL_STAGE_STATE,
			   "policy %s is learned already, from %s%s, until %s: --stop ends that, --replace begins anew",
			   c->policy, all ? "everybody" : "user ", all ? "" : l.user, print_until(l.until_wall, until));
}

/* Its exit status. The command is the administrator's, and runs as they are: what logs in is its business. */
static enum ctl_exit run_command(const struct ctl *c, char **argv)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction interrupt, quit;
	int status;
	pid_t pid;

	/* Ctrl-C ends the command, as with system(3), and then what is learned ends as well. */
	(void)sigaction(SIGINT, &ignore, &interrupt);
	(void)sigaction(SIGQUIT, &ignore, &quit);
	pid = fork();
	if (pid == 0) {
		(void)sigaction(SIGINT, &interrupt, NULL);
		(void)sigaction(SIGQUIT, &quit, NULL);
		(void)execvp(argv[0], argv);
		(void)ctl_complain(c, CTL_FAIL, "cannot run %s: %s", argv[0], strerrordesc_np(errno));
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return ctl_complain(c, CTL_FAIL, "%s did not run to its end", argv[0]);
	if (WEXITSTATUS(status) != 0)
		(void)ctl_complain(c, CTL_YES, "%s ended with status %d", argv[0], WEXITSTATUS(status));
	return CTL_YES;
}

static enum ctl_exit begin(const struct ctl *c, const struct learned_dirs *at, char **argv)
{
	uint64_t for_s = c->for_s ? c->for_s : FOR_S;
	struct crl_err err = {0};
	enum ctl_exit status;
	int rc;

	if (check_policy(c, &err) < 0 || check_user(c->user, &err) < 0 || check_free(c, at->on, &err) < 0)
		return ctl_error(c, &err);
	rc = for_s > CRL_LEARNING_MAX_S ? -ERANGE : crl_learning_begin(at->on, c->policy, c->user, for_s);
	if (rc < 0)
		return ctl_complain(c, CTL_FAIL, "cannot begin: %s", strerrordesc_np(-rc));
	if (!argv) {
		(void)printf("Rooms that are made from now on under policy %s are watched%s%s.\n"
			     "carrelctl learn --policy %s --propose tells what was seen.\n",
			     c->policy, c->user ? ", those of " : "", c->user ? c->user : "", c->policy);
		return CTL_YES;
	}
	status = run_command(c, argv);
	crl_pause_ms(RECORD_WAIT_MS);
	crl_ignore(crl_learning_end(at->on, c->policy)); /* its time may have been over */
	return status == CTL_YES ? propose(c, at->seen) : status;
}

static enum ctl_exit stop(const struct ctl *c, int dir)
{
	int rc = crl_learning_end(dir, c->policy);

	if (rc < 0)
		return ctl_complain(c, CTL_FAIL, "cannot stop: %s", strerrordesc_np(-rc));
	if (rc == 0)
		return ctl_complain(c, CTL_NO, "policy %s is not learned", c->policy);
	(void)printf(
		"No more is learned of policy %s. Rooms that were made meanwhile keep their listeners until they end, "
		"which answer as before and keep nothing.\n",
		c->policy);
	return CTL_YES;
}

static enum ctl_exit forget(const struct ctl *c, int dir)
{
	int rc = crl_tally_forget(dir, c->policy);

	return rc < 0 ? ctl_complain(c, CTL_FAIL, "cannot forget: %s", strerrordesc_np(-rc)) : CTL_YES;
}

/* The first login of a host makes it; what is learned may begin before. Another than the host's own is not made. */
static int open_state(const struct ctl *c, int *ret, struct crl_err *err)
{
	scoped(crl_state) made = {-EBADF, -EBADF, -EBADF};
	int fd = open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0 && errno == ENOENT && strcmp(c->state, CRL_STATE_DIR) == 0) {
		rc = crl_state_open(c->state, &made, err);
		fd = rc == 0 ? open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	}
	if (rc == 0 && fd < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_STATE, "cannot open %s: %s", c->state, strerrordesc_np(errno));
	if (rc == 0)
		*ret = fd;
	return rc;
}

static int open_places(const struct ctl *c, struct learned_dirs *ret, struct crl_err *err)
{
	scoped(crl_store) store = {.dir = -EBADF};
	scoped_free char *path = NULL;
	scoped_fd state = -EBADF;
	int rc = open_state(c, &state, err);

	if (rc < 0)
		return rc;
	rc = crl_learn_open(state, true, &ret->on);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot open %s/learn: %s", c->state,
				   strerrordesc_np(-rc));
	rc = ctl_store_path(c, &path, err);
	if (rc == 0)
		rc = crl_store_open(path, true, &store, err);
	if (rc < 0)
		return rc;
	rc = crl_learn_open(store.dir, true, &ret->seen);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot open %s/learn", path) : 0;
}

static enum ctl_exit act(const struct ctl *c, const struct learned_dirs *at, char **argv)
{
	if (c->status)
		return tell_status(c, at);
	if (c->stop)
		return stop(c, at->on);
	if (c->forget)
		return forget(c, at->seen);
	if (c->propose || c->merge)
		return propose(c, at->seen);
	return begin(c, at, argv);
}

static enum ctl_exit run_learn(const struct ctl *c, int argc, char **argv)
{
	struct learned_dirs at = {.on = -EBADF, .seen = -EBADF};
	struct crl_err err = {0};
	enum ctl_exit status;

	if (!c->policy && !c->status)
		return ctl_complain(c, CTL_USAGE, "--policy says which policy is meant");
	if (c->status + c->stop + c->forget + (c->propose || c->merge) > 1)
		return ctl_complain(c, CTL_USAGE, "--status, --stop, --forget and --propose: one at a time");
	if (c->merge && !c->merge[0])
		return ctl_complain(c, CTL_USAGE,
				    "--merge: found \"\", expected a file such as "
				    "/etc/carrel/policy.d/learned.conf");
	if (c->for_s && (c->stop || c->propose || c->merge || c->forget || c->status))
		return ctl_complain(c, CTL_USAGE, "--for is for learning alone: how long it goes on");
	if (argc > 0 && (c->stop || c->propose || c->merge || c->forget || c->status))
		return ctl_complain(c, CTL_USAGE, "a command is for learning alone");
	status = open_places(c, &at, &err) < 0 ? ctl_error(c, &err) : act(c, &at, argc > 0 ? argv : NULL);
	drop_fd(&at.on);
	drop_fd(&at.seen);
	return status;
}

const struct ctl_command ctl_learn_command = {
	.name = "learn",
	.usage = "[-- COMMAND...]",
	.summary = "watch what logins under a policy call, and propose a filter",
	.options =
		(const struct ctl_option[]){
			{.name = "policy",
			 .value = "POLICY",
			 .help = "which policy's rooms",
			 CTL_TEXT(policy),
			 .offer = CTL_OFFER_POLICY},
			{.name = "user",
			 .value = "USER",
			 .help = "of that user alone",
			 .take = ctl_take_user,
			 .offer = CTL_OFFER_USER},
			{.name = "for",
			 .value = "TIME",
			 .help = "for that long, such as 30m or 2h; 1h without it",
			 .take = ctl_take_duration,
			 .at = offsetof(struct ctl, for_s),
			 .offer = CTL_OFFER_TIME},
			{.name = "replace", .help = "in place of what is learned of it now", CTL_FLAG(replace)},
			{.name = "status", .help = "only tell what is learned", CTL_FLAG(status)},
			{.name = "stop", .help = "end it now", CTL_FLAG(stop)},
			{.name = "propose", .help = "print a policy made of what was seen", CTL_FLAG(propose)},
			{.name = "merge",
			 .value = "FILE",
			 .help = "put the proposal into FILE, with all that an earlier one in it allows",
			 CTL_TEXT(merge),
			 .offer = CTL_OFFER_FILE},
			{.name = "forget", .help = "forget what was seen", CTL_FLAG(forget)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl learn --policy shared --user alice --for 2h",
			"carrelctl learn --policy shared -- ssh alice@localhost make",
			"carrelctl learn --policy shared --propose",
			NULL,
		},
	.most = CTL_ARGUMENTS_MAX,
	.json = true,
	.looks_at_rooms = true,
	.offer = CTL_OFFER_COMMAND,
	.run = run_learn,
};
