// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl assess: what a policy leaves open, on this kernel.
 *
 * Each row is measured by a process of a user in a rehearsal room, or, for limits, in the kernel's files of its control
 * group, or, for images and what the host starts for a user, from outside. The score is the weight of what is open in
 * tenths of the whole.
 */
#include "ctl/commands.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "apply/limits/cgroup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/scope.h"
#include "ctl/act/inside.h"
#include "ctl/command.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"
#include "ctl/host/answers.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/rehearse/assess_image.h"
#include "ctl/rehearse/assess_manager.h"
#include "ctl/rehearse/assess_users.h"
#include "ctl/rehearse/bait.h"
#include "ctl/rehearse/other_room.h"
#include "ctl/rehearse/probe_attack.h"
#include "ctl/rehearse/rehearsal.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "policy/rules/match.h"
#include "wire/login.h"
#include "wire/proto.h"

#define ATTACKS_MAX 128
#define LIMITS 3
#define BY_ROOT "as root of the room: "

static const char *const vectors[] = {
	[CTL_V_HOST] = "1 host system",
	[CTL_V_APPLICATION] = "2 application code",
	[CTL_V_IMAGE] = "3 image, default root",
	[CTL_V_BUILD_HOST] = "4 build host",
	[CTL_V_REPOSITORY] = "5 image repository",
	[CTL_V_PRIVILEGES] = "6 excessive privileges",
	[CTL_V_KERNEL] = "7 vulnerable host",
	[CTL_V_SECRETS] = "8 exposed secrets",
	[CTL_V_NETWORK] = "9 insecure network",
	[CTL_V_ESCAPE] = "10 escape",
	[CTL_V_OTHER] = "11 others",
};

static const struct {
	const char *file;
	const char *what;
	unsigned int weight;
} limits[LIMITS] = {
	{"memory.max", "take all memory", 6},
	{"pids.max", "start processes without end", 6},
	{"cpu.max", "take all processors", 2},
};

struct tally {
	unsigned int open; /* weights */
	unsigned int whole;
	unsigned int rows_open;
	unsigned int worst; /* weight */
	const char *what; /* of the worst */
};

struct assessment {
	struct ctl_table table;
	struct tally all, by[CTL_V_OTHER + 1];
	bool limited[LIMITS];
};

/* Is there a limit of that kind on the process, or above it? */
static bool is_limited(int root, char *path, const char *file)
{
	char text[64];

	for (;;) {
		char *slash = strrchr(path, '/');
		scoped_fd dir = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dir >= 0 && crl_file_read(dir, file, text, sizeof(text)) > 0 && strncmp(text, "max", 3) != 0)
			return true;
		if (!path[0] || strcmp(path, ".") == 0)
			return false;
		if (slash)
			*slash = '\0';
		else
			(void)strcpy(path, ".");
	}
}

static void read_limits(void *arg, pid_t stand_in)
{
	struct assessment *a = arg;
	scoped_fd root = -EBADF;

	for (size_t i = 0; i < LIMITS; i++) {
		char path[1024] = "";

		a->limited[i] = crl_cgroup_open_root("", &root, NULL, NULL) == 0 &&
				crl_cgroup_of(stand_in, path, sizeof(path)) == 0 &&
				is_limited(root, path, limits[i].file);
		drop_fd(&root);
	}
}

static void count(struct tally *t, const char *what, unsigned int weight, bool open)
{
	t->whole += weight;
	if (!open)
		return;
	t->open += weight;
	t->rows_open++;
	if (weight > t->worst) {
		t->worst = weight;
		t->what = what;
	}
}

/* The part of the weights that is open, in hundredths of ten. */
static unsigned int exposure(const struct tally *t)
{
	return t->whole ? (t->open * 100 + t->whole / 2) / t->whole : 0;
}

/* One thing that a login could try. */
struct assessed {
	enum ctl_vector vector;
	const char *what;
	unsigned int weight; /* 0 = not carrel's */
	bool open;
	const char *detail;
};

static void add(struct assessment *a, const char *policy, const struct assessed *one)
{
	ctl_cell(&a->table, "%s", policy);
	ctl_cell(&a->table, "%s", vectors[one->vector]);
	ctl_cell(&a->table, "%s", one->what);
	ctl_cell(&a->table, "%s", one->weight == 0 ? "not carrel's" : one->open ? "OPEN" : "closed");
	ctl_cell(&a->table, "%u", one->weight);
	ctl_cell(&a->table, "%s", one->detail);
	count(&a->all, one->what, one->weight, one->open);
	count(&a->by[one->vector], one->what, one->weight, one->open);
}

static void add_limits(struct assessment *a, const char *policy)
{
	for (size_t i = 0; i < LIMITS; i++)
		add(a, policy,
		    &(struct assessed){CTL_V_OTHER, limits[i].what, limits[i].weight, !a->limited[i],
				       a->limited[i] ? "limited by its control group"
						     : "no limit in its control group"});
}

static void add_manager(struct assessment *a, const struct ctl *c, const char *policy, uint32_t uid)
{
	char detail[CTL_DETAIL_MAX] = "";
	enum ctl_answer answer = ctl_attack_manager(c, policy, uid, detail);

	if (answer != CTL_PROBE_NOT_HERE)
		add(a, policy,
		    &(struct assessed){CTL_V_ESCAPE, CTL_ATTACK_MANAGER, CTL_ATTACK_MANAGER_WEIGHT,
				       answer == CTL_PROBE_YES, detail});
}

static void add_users(struct assessment *a, const struct ctl *c, const char *policy, const struct ctl_person *who)
{
	char detail[CTL_DETAIL_MAX] = "";
	enum ctl_answer answer = ctl_attack_ids(c, policy, who, detail);

	if (answer != CTL_PROBE_NOT_HERE)
		add(a, policy,
		    &(struct assessed){CTL_V_PRIVILEGES, CTL_ATTACK_IDS, CTL_ATTACK_IDS_WEIGHT, answer == CTL_PROBE_YES,
				       detail});
	answer = ctl_attack_past(c, policy, who, detail);
	if (answer != CTL_PROBE_NOT_HERE)
		add(a, policy,
		    &(struct assessed){CTL_V_PRIVILEGES, CTL_ATTACK_PAST, CTL_ATTACK_PAST_WEIGHT,
				       answer == CTL_PROBE_YES, detail});
}

/* Without an image the root is the host's own. */
static void add_version(struct assessment *a, const struct ctl *c, const char *policy)
{
	char detail[CTL_DETAIL_MAX] = "";
	enum ctl_answer answer = ctl_attack_image_version(c, policy, detail);

	if (answer == CTL_PROBE_NOT_HERE)
		add(a, policy,
		    &(struct assessed){CTL_V_BUILD_HOST, "change what is run", 0, false,
				       "the host's packages: debsums, signed repositories"});
	else
		add(a, policy,
		    &(struct assessed){CTL_V_BUILD_HOST, CTL_ATTACK_IMAGE_VERSION, CTL_ATTACK_IMAGE_VERSION_WEIGHT,
				       answer == CTL_PROBE_YES, detail});
}

static void add_swap(struct assessment *a, const struct ctl *c, const char *policy)
{
	char detail[CTL_DETAIL_MAX] = "";
	enum ctl_answer answer = ctl_attack_image_swap(c, policy, detail);

	if (answer == CTL_PROBE_NOT_HERE)
		add(a, policy,
		    &(struct assessed){CTL_V_REPOSITORY, CTL_ATTACK_IMAGE_SWAP, 0, false,
				       "carrel fetches none, and this policy has none"});
	else
		add(a, policy,
		    &(struct assessed){CTL_V_REPOSITORY, CTL_ATTACK_IMAGE_SWAP, CTL_ATTACK_IMAGE_SWAP_WEIGHT,
				       answer == CTL_PROBE_YES, detail});
}

/* All that is tried, each by the user or by root of the room. */
struct tries {
	struct ctl_attack attack[ATTACKS_MAX];
	ctl_probe *probe[ATTACKS_MAX];
	bool by_root[ATTACKS_MAX];
	char text[ATTACKS_MAX][80]; /* of the latter */
	size_t len;
};

static bool is_for_root(ctl_probe *const *list, ctl_probe *probe)
{
	while (*list && *list != probe)
		list++;
	return *list;
}

static void try_it(struct tries *t, const struct ctl_attack *attack, bool by_root)
{
	if (t->len == ATTACKS_MAX)
		return;
	t->attack[t->len] = *attack;
	t->probe[t->len] = attack->probe;
	t->by_root[t->len] = by_root;
	if (by_root) {
		(void)snprintf(t->text[t->len], sizeof(t->text[0]), BY_ROOT "%s", attack->what);
		t->attack[t->len].what = t->text[t->len];
	}
	t->len++;
}

static void collect(struct tries *t, const struct ctl_attack *list, ctl_probe *const *by_root)
{
	for (const struct ctl_attack *a = list; a->probe; a++)
		try_it(t, a, false);
	for (const struct ctl_attack *a = list; a->probe; a++)
		if (is_for_root(by_root, a->probe))
			try_it(t, a, true);
}

static void collect_all(struct tries *t)
{
	collect(t, ctl_attacks_power, ctl_by_root_power);
	collect(t, ctl_attacks_reach, ctl_by_root_reach);
	collect(t, ctl_attacks_expose, ctl_by_root_expose);
	for (const struct ctl_attack *a = ctl_attacks_root; a->probe; a++)
		try_it(t, a, true);
}

static enum ctl_exit assess_policy(const struct ctl *c, const struct ctl_person *who, const char *policy,
				   struct assessment *a)
{
	static struct ctl_result result[ATTACKS_MAX];
	static struct tries t;
	struct ctl_rehearsal r = {.who = who,
				  .policy = policy,
				  .probe = t.probe,
				  .by_root = t.by_root,
				  .result = result,
				  .standing = read_limits,
				  .arg = a};
	struct crl_err err = {0};
	struct ctl_bait bait;
	sigset_t signals;
	int rc;

	collect_all(&t);
	r.probes = t.len;
	ctl_rehearsal_signals(&signals);
	rc = ctl_bait_put_up(&bait, &r.scene);
	if (rc < 0)
		(void)crl_err_set(&err, -rc, CRL_STAGE_CALLER, "cannot put up what the probes look for");
	else
		rc = ctl_rehearse_beside(c, &r, &err);
	ctl_bait_take_down(&bait);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	if (rc < 0)
		return ctl_error(c, &err);
	for (enum ctl_vector v = CTL_V_HOST; v <= CTL_V_OTHER; v++) {
		if (v == CTL_V_BUILD_HOST)
			add_version(a, c, policy);
		if (v == CTL_V_REPOSITORY)
			add_swap(a, c, policy);
		for (size_t i = 0; i < t.len; i++)
			if (t.attack[i].vector == v && result[i].answer != CTL_PROBE_NOT_HERE)
				add(a, policy,
				    &(struct assessed){v, t.attack[i].what, t.attack[i].weight,
						       result[i].answer == CTL_PROBE_YES, result[i].detail});
		if (v == CTL_V_PRIVILEGES)
			add_users(a, c, policy, who);
		if (v == CTL_V_ESCAPE)
			add_manager(a, c, policy, who->login.uid);
	}
	add_limits(a, policy);
	if (r.left_over)
		return ctl_complain(c, CTL_FAIL, "the room of the rehearsal has not ended yet: carrelctl list");
	return CTL_YES;
}

/* A line for each vector. */
static void summarise(const struct ctl *c, const struct assessment *a)
{
	static const struct ctl_column column[] = {
		{"VECTOR", false}, {"EXPOSURE", true}, {"OPEN", true}, {"THE WORST OF IT", false}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};

	for (enum ctl_vector v = CTL_V_HOST; v <= CTL_V_OTHER; v++) {
		const struct tally *by = &a->by[v];

		ctl_cell(&t, "%s", vectors[v]);
		if (by->whole)
			ctl_cell(&t, "%u.%u", exposure(by) / 10, exposure(by) % 10);
		else
			ctl_no_cell(&t);
		ctl_cell(&t, "%u", by->rows_open);
		ctl_cell(&t, "%s", by->what ? by->what : "");
	}
	(void)putchar('\n');
	ctl_table_print(c, &t);
	ctl_table_done(&t);
}

static enum ctl_exit assess_one(const struct ctl *c, const struct ctl_person *who, const char *policy)
{
	static const struct ctl_column column[] = {{"POLICY", false}, {"VECTOR", false}, {"A LOGIN COULD", false},
						   {"ANSWER", false}, {"WEIGHT", true},  {"DETAIL", false}};
	struct assessment a = {.table = {.column = column, .columns = CRL_ARRAY_LEN(column)}};
	enum ctl_exit status = assess_policy(c, who, policy, &a);
	struct utsname u;

	if (status == CTL_YES) {
		ctl_table_print(c, &a.table);
		if (!c->json && uname(&u) == 0) {
			summarise(c, &a);
			(void)printf(
				"\npolicy %s on Linux %s, as %s: exposure %u.%u of 10 (0 = all of this is closed)\n",
				policy, u.release, who->login.user, exposure(&a.all) / 10, exposure(&a.all) % 10);
		}
	}
	ctl_table_done(&a.table);
	return status;
}

/* Somebody who could log in: the first person with a home of their own that is not exempt. */
static int find_person(const struct ctl *c, struct ctl_person *ret, struct crl_err *err)
{
	char names[16][CRL_USER_MAX];
	size_t n = 0;
	struct stat st;

	setpwent();
	for (const struct passwd *pw = getpwent(); pw && n < CRL_ARRAY_LEN(names); pw = getpwent())
		if (pw->pw_uid >= CTL_UID_FIRST && pw->pw_uid <= CTL_UID_LAST && ctl_stat(pw->pw_dir, &st) == 0 &&
		    st.st_uid == pw->pw_uid && S_ISDIR(st.st_mode))
			(void)snprintf(names[n++], sizeof(names[0]), "%s", pw->pw_name);
	endpwent();
	for (size_t i = 0; i < n; i++)
		if (ctl_person_of(c, names[i], ret, err) == 0 && !ctl_is_exempt(c, &ret->login))
			return 0;
	return crl_err_set(err, ENOENT, CRL_STAGE_REQUEST,
			   "no user of this host has a home to try it with: name one by --user");
}

/* Without a name: the policy that this user gets. */
static int policy_of(const struct ctl *c, const struct ctl_person *who, char name[CRL_POLICY_NAME_MAX],
		     struct crl_err *err)
{
	struct crl_config *config = NULL;
	const struct crl_rule *rule = NULL;
	struct ctl_command_asked asked = {.login = &who->login};
	const struct crl_match m = {.login = &who->login,
				    .now = time(NULL),
				    .lookup = ctl_group_lookup,
				    .ask = ctl_command_ask,
				    .arg = &asked};
	int rc = ctl_load_config(c, &config, err);

	if (rc == 0)
		rc = crl_rules_match(crl_config_rules(config), &m, &rule, err);
	if (rc == 0)
		(void)snprintf(name, CRL_POLICY_NAME_MAX, "%s", rule->policy);
	crl_config_free(config);
	return rc;
}

static enum ctl_exit run_assess(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct ctl_person *who = calloc(1, sizeof(*who));
	char policy[CRL_POLICY_NAME_MAX];
	struct crl_err err = {0};
	int rc;

	if (!who)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	rc = c->user ? ctl_person_of(c, c->user, who, &err) : find_person(c, who, &err);
	if (rc < 0)
		return err.code == ENOENT ? ctl_complain(c, CTL_NO, "%s", err.text) : ctl_error(c, &err);
	if (ctl_is_exempt(c, &who->login))
		return ctl_complain(c, CTL_NO, "%s logs in without a room: name another by --user", who->login.user);
	if (argc == 0 && policy_of(c, who, policy, &err) < 0)
		return ctl_error(c, &err);
	return assess_one(c, who, argc > 0 ? argv[0] : policy);
}

const struct ctl_command ctl_assess_command = {
	.name = "assess",
	.usage = "[POLICY]",
	.summary = "what a policy leaves open on this kernel, measured",
	.options =
		(const struct ctl_option[]){
			CTL_OPTION_TRY_AS,
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl assess student --user alice",
			NULL,
		},
	.most = 1,
	.json = true,
	.makes_rooms = true,
	.offer = CTL_OFFER_POLICY,
	.run = run_assess,
};
