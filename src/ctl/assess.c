// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl assess: what a policy leaves open, on this kernel.
 *
 * Each row but those of the image's making is measured by a process of a user in a rehearsal room, or, for limits, in
 * the kernel's files of its control group. The score is the weight of what is open in tenths of the whole.
 */
#include "ctl/probe_attack.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "apply/cgroup.h"
#include "apply/cgroup_limits.h"

#define ATTACKS_MAX 128
#define LIMITS 3
#define SHM_KEY 0x6361726c /* "carl" */
#define UID_FIRST 1000 /* of people, by login.defs(5) */
#define UID_LAST 60000

static const char *const vectors[] = {
	[CTL_V_HOST] = "1 host system",	     [CTL_V_APPLICATION] = "2 application code",
	[CTL_V_IMAGE] = "3 image, default root",   [CTL_V_BUILD_HOST] = "4 build host",
	[CTL_V_REPOSITORY] = "5 image repository", [CTL_V_PRIVILEGES] = "6 excessive privileges",
	[CTL_V_KERNEL] = "7 vulnerable host",	     [CTL_V_SECRETS] = "8 exposed secrets",
	[CTL_V_NETWORK] = "9 insecure network",    [CTL_V_ESCAPE] = "10 escape",
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
	unsigned int open;  /* weights */
	unsigned int whole;
	unsigned int rows_open;
	unsigned int worst; /* weight */
	const char *what;   /* of the worst */
};

struct assessment {
	struct ctl_table table;
	struct tally all, by[CTL_V_OTHER + 1];
	bool limited[LIMITS];
};

/* What probes look for on the host. Removed by take_down(). */
struct bait {
	int tcp, named, far, abstract;
	int shm; /* id of the segment */
	struct ctl_scene *scene;
};

static int listen_unix(const char *path, bool abstract)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	scoped_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t size = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;

	(void)snprintf(a.sun_path + abstract, sizeof(a.sun_path) - abstract, "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, (socklen_t)size) < 0 || listen(fd, 4) < 0)
		return -errno;
	if (!abstract)
		(void)chmod(path, 0666);
	return take_fd(&fd);
}

/* @path is a pattern of mkstemp(3). */
static int put_file(char *path)
{
	scoped_fd fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0) {
		path[0] = '\0';
		return -errno;
	}
	return write(fd, "x", 1) != 1 || fchmod(fd, 0644) < 0 ? -errno : 0; /* a probe reads it */
}

/* Keys are free to choose; the first that nobody has. */
static void put_segment(struct bait *b)
{
	for (key_t key = SHM_KEY; key < SHM_KEY + 64 && b->shm < 0; key++) {
		b->shm = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0644);
		if (b->shm >= 0)
			b->scene->host_shm_key = key;
	}
}

static int put_up(struct bait *b, struct ctl_scene *scene)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	struct stat st;

	*b = (struct bait){-EBADF, -EBADF, -EBADF, -EBADF, -1, scene};
	(void)snprintf(scene->host_file, sizeof(scene->host_file), "/tmp/carrel-assess-XXXXXX");
	(void)snprintf(scene->host_shm_file, sizeof(scene->host_shm_file), "/dev/shm/carrel-assess-XXXXXX");
	if (put_file(scene->host_file) < 0 || put_file(scene->host_shm_file) < 0 || stat("/tmp", &st) < 0)
		return -errno;
	scene->host_tmp = st.st_dev;
	put_segment(b);
	(void)snprintf(scene->host_socket, sizeof(scene->host_socket), "/run/carrel-assess-%d.sock", (int)getpid());
	(void)snprintf(scene->host_far_socket, sizeof(scene->host_far_socket), "/var/lib/carrel-assess-%d.sock",
		       (int)getpid());
	(void)snprintf(scene->host_abstract, sizeof(scene->host_abstract), "carrel-assess-%d", (int)getpid());
	b->named = listen_unix(scene->host_socket, false);
	b->far = listen_unix(scene->host_far_socket, false);
	b->abstract = listen_unix(scene->host_abstract, true);
	b->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (b->named < 0 || b->far < 0 || b->abstract < 0 || b->tcp < 0 ||
	    bind(b->tcp, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(b->tcp, 4) < 0 ||
	    getsockname(b->tcp, (struct sockaddr *)&a, &size) < 0)
		return -EADDRNOTAVAIL;
	scene->host_port = ntohs(a.sin_port);
	return 0;
}

static void take_down(struct bait *b)
{
	drop_fd(&b->tcp);
	drop_fd(&b->named);
	drop_fd(&b->far);
	drop_fd(&b->abstract);
	if (b->shm >= 0)
		(void)shmctl(b->shm, IPC_RMID, NULL);
	(void)unlink(b->scene->host_file);
	(void)unlink(b->scene->host_shm_file);
	(void)unlink(b->scene->host_socket);
	(void)unlink(b->scene->host_far_socket);
}

/* Is there a limit of that kind on the process, or above it? */
static bool is_limited(int root, char *path, const char *file)
{
	char text[64];

	for (;;) {
		char *slash = strrchr(path, '/');
		scoped_fd dir = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dir >= 0 && crl_cgroup_read(dir, file, text, sizeof(text)) > 0 && strncmp(text, "max", 3) != 0)
			return true;
		if (!path[0] || strcmp(path, ".") == 0)
			return false;
		if (slash)
			*slash = '\0';
		else
			(void)strcpy(path, ".");
	}
}

static void read_limits(void *arg, pid_t actor)
{
	struct assessment *a = arg;
	scoped_fd root = -EBADF;

	for (size_t i = 0; i < LIMITS; i++) {
		char path[1024] = "";

		a->limited[i] = crl_cgroup_open_root("", &root, NULL, NULL) == 0 &&
				crl_cgroup_of(actor, path, sizeof(path)) == 0 && is_limited(root, path, limits[i].file);
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

static void add(struct assessment *a, const char *policy, enum ctl_vector vector, const char *what, unsigned int weight,
		bool open, const char *detail)
{
	ctl_cell(&a->table, "%s", policy);
	ctl_cell(&a->table, "%s", vectors[vector]);
	ctl_cell(&a->table, "%s", what);
	ctl_cell(&a->table, "%s", weight == 0 ? "not carrel's" : open ? "OPEN" : "closed");
	ctl_cell(&a->table, "%u", weight);
	ctl_cell(&a->table, "%s", detail);
	count(&a->all, what, weight, open);
	count(&a->by[vector], what, weight, open);
}

static void add_limits(struct assessment *a, const char *policy)
{
	for (size_t i = 0; i < LIMITS; i++)
		add(a, policy, CTL_V_OTHER, limits[i].what, limits[i].weight, !a->limited[i],
		    a->limited[i] ? "limited by its control group" : "no limit in its control group");
}

static void add_manager(struct assessment *a, const struct ctl *c, const char *policy, uint32_t uid)
{
	char detail[CTL_DETAIL_MAX] = "";
	enum ctl_answer answer = ctl_attack_manager(c, policy, uid, detail);

	if (answer != CTL_PROBE_NOT_HERE)
		add(a, policy, CTL_V_ESCAPE, CTL_ATTACK_MANAGER, CTL_ATTACK_MANAGER_WEIGHT, answer == CTL_PROBE_YES, detail);
}

static size_t collect(const struct ctl_attack *list, const struct ctl_attack **all, size_t n)
{
	for (; list->probe && n < ATTACKS_MAX; list++)
		all[n++] = list;
	return n;
}

static size_t collect_all(const struct ctl_attack **all)
{
	size_t n = collect(ctl_attacks_power, all, 0);

	n = collect(ctl_attacks_reach, all, n);
	return collect(ctl_attacks_expose, all, n);
}

static enum ctl_exit assess_policy(const struct ctl *c, const struct ctl_person *who, const char *policy,
				   struct assessment *a)
{
	const struct ctl_attack *attack[ATTACKS_MAX];
	struct ctl_result result[ATTACKS_MAX];
	ctl_probe *probe[ATTACKS_MAX];
	size_t n = collect_all(attack);
	struct ctl_rehearsal r = {.who = who, .policy = policy, .probe = probe, .probes = n, .result = result,
				  .standing = read_limits, .arg = a};
	struct crl_err err = {0};
	struct bait bait;
	sigset_t signals;
	int rc;

	for (size_t i = 0; i < n; i++)
		probe[i] = attack[i]->probe;
	ctl_rehearsal_signals(&signals);
	rc = put_up(&bait, &r.scene);
	if (rc < 0)
		(void)crl_err_set(&err, -rc, CRL_STAGE_CALLER, "cannot put up what the probes look for");
	else
		rc = ctl_rehearse_room(c, &r, &err);
	take_down(&bait);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	if (rc < 0)
		return ctl_error(c, &err);
	for (enum ctl_vector v = CTL_V_HOST; v <= CTL_V_OTHER; v++) {
		if (v == CTL_V_BUILD_HOST)
			add(a, policy, v, "change what is run", 0, false, "the host's packages: debsums, signed repositories");
		if (v == CTL_V_REPOSITORY)
			add(a, policy, v, "put another image in its place", 0, false,
			    "carrel fetches none: an image is a root-owned directory");
		for (size_t i = 0; i < n; i++)
			if (attack[i]->vector == v && result[i].answer != CTL_PROBE_NOT_HERE)
				add(a, policy, v, attack[i]->what, attack[i]->weight, result[i].answer == CTL_PROBE_YES,
				    result[i].detail);
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
						   {"ANSWER", false}, {"WEIGHT", true},	 {"DETAIL", false}};
	struct assessment a = {.table = {.column = column, .columns = CRL_ARRAY_LEN(column)}};
	enum ctl_exit status = assess_policy(c, who, policy, &a);
	struct utsname u;

	if (status == CTL_YES) {
		ctl_table_print(c, &a.table);
		if (!c->json && uname(&u) == 0) {
			summarise(c, &a);
			(void)printf("\npolicy %s on Linux %s, as %s: exposure %u.%u of 10 (0 = all of this is closed)\n", policy,
				     u.release, who->login.user, exposure(&a.all) / 10, exposure(&a.all) % 10);
		}
	}
	ctl_table_done(&a.table);
	return status;
}

/* Somebody who could log in: the first person with a home of his own that is not exempt. */
static int find_person(const struct ctl *c, struct ctl_person *ret, struct crl_err *err)
{
	char names[16][CRL_USER_MAX];
	size_t n = 0;
	struct stat st;

	setpwent();
	for (const struct passwd *pw = getpwent(); pw && n < CRL_ARRAY_LEN(names); pw = getpwent())
		if (pw->pw_uid >= UID_FIRST && pw->pw_uid <= UID_LAST && stat(pw->pw_dir, &st) == 0 &&
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
	const struct crl_match m = {.login = &who->login, .now = time(NULL), .lookup = ctl_group_lookup};
	int r = ctl_load_config(c, &config, err);

	if (r == 0)
		r = crl_rules_match(crl_config_rules(config), &m, &rule, err);
	if (r == 0)
		(void)snprintf(name, CRL_POLICY_NAME_MAX, "%s", rule->policy);
	crl_config_free(config);
	return r;
}

enum ctl_exit ctl_assess(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct ctl_person *who = calloc(1, sizeof(*who));
	char policy[CRL_POLICY_NAME_MAX];
	struct crl_err err = {0};
	int r;

	if (!who)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	r = c->user ? ctl_person_of(c, c->user, who, &err) : find_person(c, who, &err);
	if (r < 0)
		return err.code == ENOENT ? ctl_complain(c, CTL_NO, "%s", err.text) : ctl_error(c, &err);
	if (ctl_is_exempt(c, &who->login))
		return ctl_complain(c, CTL_NO, "%s logs in without a room: name another by --user", who->login.user);
	if (argc == 0 && policy_of(c, who, policy, &err) < 0)
		return ctl_error(c, &err);
	return assess_one(c, who, argc > 0 ? argv[0] : policy);
}
