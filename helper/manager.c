// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd`: the user's limits on user-UID.slice, the login in a scope beneath it, the room's own processes in
 * a scope of carrel.slice.
 *
 * systemd is the one writer of its tree: it is asked by carrel-bus, and the answer is read back from the cgroup files.
 * R1: only our own drop-ins are ever removed, by name; never with RevertUnitFiles, which takes the administrator's too.
 * R2: whoever sets or removes a user's limits holds the lock limits-UID until a record says that the login is there.
 *
 * Runs in: helper (root, host namespaces); crl_manager_release() in the supervisor, too.
 */
#include "helper/manager.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#include "apply/cgroup.h"
#include "apply/cgroup_limits.h"
#include "apply/device.h"
#include "base/log.h"
#include "plan/unit_properties.h"

#define CONTROL "/run/systemd/system.control"
#define CGROUPS "/sys/fs/cgroup"
#define READ_BACK_MS 3000
#define RELEASE_WAIT_MS 1000
#define ARGS_MAX (CRL_UNIT_PROPERTIES_MAX + 8)

static void pause_ms(long ms)
{
	struct timespec t = {.tv_nsec = ms * 1000000};

	(void)nanosleep(&t, NULL);
}

/* carrel-bus stands beside this program. */
static int bus_path(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - sizeof("carrel-bus"));
	char *slash;

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	if (!slash)
		return -ENOENT;
	memcpy(slash + 1, "carrel-bus", sizeof("carrel-bus"));
	return access(buf, X_OK) < 0 ? -errno : 0;
}

bool crl_manager_is_systemd(const struct crl_job *job)
{
	char path[PATH_MAX];

	switch (crl_config_cgroup_manager(job->config)) {
	case CRL_MANAGER_SYSTEMD:
		return true;
	case CRL_MANAGER_CGROUPFS:
		return false;
	case CRL_MANAGER_AUTO:
		break;
	}
	/* As sd_booted(3) does. A configured root says that somebody wants the files. */
	return crl_config_cgroup_root(job->config)[0] == '\0' && access("/run/systemd/system", F_OK) == 0 &&
	       bus_path(path, sizeof(path)) == 0;
}

static _Noreturn void run_bus(const char *path, char *const *argv, int report)
{
	static char *const empty[] = {NULL};
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGALRM, SIG_DFL);
	if (dup2(report, STDERR_FILENO) >= 0) {
		(void)close_range(3, ~0u, 0);
		(void)execve(path, argv, empty);
	}
	_exit(ENOEXEC);
}

static int await_bus(pid_t pid, int report, int64_t deadline_ms, char *text, size_t size)
{
	ssize_t n = 0;
	int status = 0;

	while ((n = read(report, text, size - 1)) < 0 && errno == EINTR && crl_now_ms() < deadline_ms)
		;
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (n < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -ECHILD;
		if (crl_now_ms() >= deadline_ms)
			(void)kill(pid, SIGKILL);
	}
	if (!WIFEXITED(status))
		return -ETIMEDOUT;
	return -WEXITSTATUS(status);
}

/* Ask systemd one question. @argv  argv[0] is filled in here; NULL-ended */
static int ask(char **argv, int64_t deadline_ms, struct crl_err *err)
{
	scoped_fd out = -EBADF, in = -EBADF;
	char path[PATH_MAX], text[256];
	int pair[2], r;
	pid_t pid;

	r = bus_path(path, sizeof(path));
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_LIMITS, "no carrel-bus beside carrel-helper, which manager "
				   "\"systemd\" needs; was it built without sd-bus?");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot make a pipe");
	in = pair[0];
	out = pair[1];
	argv[0] = path;
	pid = fork();
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot start carrel-bus");
	if (pid == 0)
		run_bus(path, argv, out);
	drop_fd(&out);
	r = await_bus(pid, in, deadline_ms, text, sizeof(text));
	return r < 0 ? crl_err_set(err, -r, CRL_STAGE_LIMITS, "systemd: %s", text[0] ? text : "carrel-bus did not answer")
		     : 0;
}

static void slice_name(char *buf, size_t size, uint32_t uid)
{
	(void)snprintf(buf, size, "user-%" PRIu32 ".slice", uid);
}

/* systemd names the file of a property after it, and drops what it says of units: CPUQuota is kept by its own name. */
static void dropin_name(char *buf, size_t size, const char *property)
{
	(void)snprintf(buf, size, "50-%s.conf", strcmp(property, "CPUQuotaPerSecUSec") == 0 ? "CPUQuota" : property);
}

static int open_dropins(uint32_t uid)
{
	char path[96];

	(void)snprintf(path, sizeof(path), CONTROL "/user-%" PRIu32 ".slice.d", uid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static bool is_set(void *arg, const char *property)
{
	const int *dir = arg;
	char name[64];

	dropin_name(name, sizeof(name), property);
	return *dir >= 0 && faccessat(*dir, name, F_OK, 0) == 0;
}

static void lock_name(char *buf, size_t size, uint32_t uid)
{
	(void)snprintf(buf, size, "limits-%" PRIu32, uid);
}

static int lock_limits(struct crl_job *job, struct crl_err *err)
{
	char name[32];
	int r;

	lock_name(name, sizeof(name), job->login.uid);
	do {
		r = crl_state_lock(&job->state, name, true, &job->cgroup.lock);
	} while (r == -EINTR && crl_now_ms() < job->deadline_ms);
	if (r < 0)
		return crl_err_set(err, r == -EINTR ? ETIMEDOUT : -r, CRL_STAGE_STATE,
				   "cannot lock the limits of uid %" PRIu32, job->login.uid);
	return 0;
}

static int set_limits(struct crl_job *job, const struct crl_cgroup_plan *plan, struct crl_err *err)
{
	scoped_fd dropins = open_dropins(job->login.uid);
	scoped_free struct crl_unit_properties *p = malloc(sizeof(*p));
	char slice[32], *argv[ARGS_MAX] = {NULL};
	size_t n = 1;
	int r;

	if (!p)
		return crl_err_set(err, ENOMEM, CRL_STAGE_LIMITS, "out of memory");
	r = crl_unit_properties_build(plan, is_set, &dropins, p, err);
	if (r < 0 || p->len == 0)
		return r;
	slice_name(slice, sizeof(slice), job->login.uid);
	argv[n++] = (char[]){"set"};
	argv[n++] = slice;
	for (size_t i = 0; i < p->len; i++)
		argv[n++] = (char *)(uintptr_t)p->word[i];
	return ask(argv, job->deadline_ms, err);
}

static int start_scope(const char *name, const char *slice, const char *description, pid_t one, pid_t two,
		       int64_t deadline_ms, struct crl_err *err)
{
	char first[16], second[16];
	char *argv[] = {NULL,  (char[]){"scope"}, (char *)(uintptr_t)name, (char *)(uintptr_t)slice,
			(char *)(uintptr_t)description, first, two > 0 ? second : NULL, NULL};

	(void)snprintf(first, sizeof(first), "%d", (int)one);
	(void)snprintf(second, sizeof(second), "%d", (int)two);
	return ask(argv, deadline_ms, err);
}

/* True when @pid has come into a cgroup whose last part is @name. */
static bool await_move(pid_t pid, const char *name)
{
	char path[1024];

	for (int64_t end = crl_now_ms() + READ_BACK_MS; crl_now_ms() < end; pause_ms(2)) {
		const char *last = crl_cgroup_of(pid, path, sizeof(path)) == 0 ? strrchr(path, '/') : NULL;

		if (last && strcmp(last + 1, name) == 0)
			return true;
	}
	return false;
}

/* The login's scope: logind's when pam_systemd ran before us, else one of our own. */
static int find_scope(struct crl_job *job, struct crl_err *err)
{
	struct crl_login_cgroup *c = &job->cgroup;
	char want[64], name[40], slice[32], text[CRL_USER_MAX * 4 + 32], user[CRL_USER_MAX * 4];
	int r;

	(void)snprintf(want, sizeof(want), "user.slice/user-%" PRIu32 ".slice/", job->login.uid);
	r = crl_cgroup_of(job->app_pid, c->path, sizeof(c->path));
	if (r == 0 && strncmp(c->path, want, strlen(want)) == 0)
		return 0;
	slice_name(slice, sizeof(slice), job->login.uid);
	(void)snprintf(name, sizeof(name), "carrel-%s.scope", job->id);
	(void)snprintf(text, sizeof(text), "carrel: login of %s", crl_escape(user, sizeof(user), job->login.user));
	r = start_scope(name, slice, text, job->app_pid, getpid(), job->deadline_ms, err);
	if (r < 0)
		return r;
	if (await_move(job->app_pid, name) && crl_cgroup_of(job->app_pid, c->path, sizeof(c->path)) == 0 &&
	    strncmp(c->path, want, strlen(want)) == 0)
		return 0;
	return crl_err_set(err, EXDEV, CRL_STAGE_LIMITS, "systemd has not moved the application to %s%s", want, name);
}

static int open_cgroups(struct crl_job *job, struct crl_err *err)
{
	struct crl_login_cgroup *c = &job->cgroup;
	char slice[64];

	c->dir = openat(c->root, c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(slice, sizeof(slice), "user.slice/user-%" PRIu32 ".slice", job->login.uid);
	c->user = openat(c->root, slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0 || c->user < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot open %s", c->dir < 0 ? c->path : slice);
	return 0;
}

/* systemd writes the files a moment after it has answered. */
static int read_back(const struct crl_job *job, const struct crl_cgroup_plan *plan, struct crl_err *err)
{
	int64_t end = crl_now_ms() + READ_BACK_MS;
	struct crl_err why = {0};

	while (crl_cgroup_verify_limits(job->cgroup.user, plan, &why) < 0) {
		if (crl_now_ms() >= end || crl_now_ms() >= job->deadline_ms) {
			*err = why;
			return -why.code;
		}
		pause_ms(2);
	}
	return 0;
}

/* Drop from the plan what no controller is there for, or refuse. */
static int fit_plan(const struct crl_job *job, struct crl_cgroup_plan *plan, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	char missing[128] = "";
	int r = crl_cgroup_drop_missing(job->cgroup.root, plan, p->need[CRL_FEATURE_LIMITS], missing, sizeof(missing), err);

	if (r == 0 && missing[0] != '\0')
		crl_log(LOG_WARNING, "id=%s uid=%u policy=%s: limits not held, missing controllers: %s", job->id,
			job->login.uid, p->name, missing);
	return r;
}

int crl_manager_make(struct crl_job *job, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	struct crl_cgroup_plan plan = {.len = 0};
	bool limited = p->need[CRL_FEATURE_LIMITS] != CRL_NEED_OFF;
	int r = 0;

	job->cgroup.managed = true;
	if (limited)
		r = crl_cgroup_plan_build(&p->limits, crl_device_find, &plan, err);
	if (r == 0)
		r = crl_cgroup_open_root(CGROUPS, &job->cgroup.root, err);
	if (r == 0)
		r = fit_plan(job, &plan, err);
	if (r == 0)
		r = lock_limits(job, err);
	if (r == 0)
		r = find_scope(job, err);
	if (r == 0)
		r = open_cgroups(job, err);
	if (r < 0 || !limited)
		return r;
	if (crl_cgroup_verify_limits(job->cgroup.user, &plan, NULL) < 0 || plan.len < CRL_UNIT_PROPERTIES_MAX)
		r = set_limits(job, &plan, err);
	return r < 0 ? r : read_back(job, &plan, err);
}

void crl_manager_house(const struct crl_job *job, const struct crl_room *room)
{
	char name[48], text[CRL_USER_MAX * 4 + 32], user[CRL_USER_MAX * 4];
	struct crl_err err = {0};

	(void)snprintf(name, sizeof(name), "carrel-room-%s.scope", room->id);
	(void)snprintf(text, sizeof(text), "carrel: room of %s", crl_escape(user, sizeof(user), job->login.user));
	if (start_scope(name, "carrel.slice", text, getpid(), room->init_pid, crl_now_ms() + READ_BACK_MS, &err) < 0)
		crl_log(LOG_WARNING, "id=%s: supervisor and init stay in the login's scope: %s", room->id, err.text);
	else if (!await_move(getpid(), name)) /* a scope that nobody ever entered would never be seen to be empty */
		crl_log(LOG_WARNING, "id=%s: systemd has not moved the supervisor to %s", room->id, name);
}

/* True when a living supervisor has a login of that user on record. */
static bool has_login(int rooms, uint32_t uid)
{
	int fd = openat(rooms, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool found = false;

	if (!dir) {
		scope_close_fd(&fd);
		return true; /* unknown: rather leave the limits */
	}
	for (const struct dirent *d = readdir(dir); d && !found; d = readdir(dir))
		found = crl_record_has_user(rooms, d->d_name, uid);
	(void)closedir(dir);
	return found;
}

static void remove_dropins(uint32_t uid)
{
	scoped_fd dir = open_dropins(uid);
	char path[96], name[64];

	if (dir < 0)
		return;
	for (size_t i = 0; i < CRL_UNIT_PROPERTIES_MAX; i++) { /* R1 */
		dropin_name(name, sizeof(name), crl_unit_property_names[i]);
		(void)unlinkat(dir, name, 0);
	}
	(void)snprintf(path, sizeof(path), CONTROL "/user-%" PRIu32 ".slice.d", uid);
	(void)unlinkat(AT_FDCWD, path, AT_REMOVEDIR); /* unless somebody else's are in it */
}

void crl_manager_release(const struct crl_state *s, uint32_t uid)
{
	scoped_fd lock = -EBADF;
	char name[32];

	lock_name(name, sizeof(name), uid);
	for (int64_t end = crl_now_ms() + RELEASE_WAIT_MS; crl_state_lock(s, name, false, &lock) < 0; pause_ms(5))
		if (crl_now_ms() >= end)
			return; /* somebody is coming in: then they stay */
	if (has_login(s->rooms, uid)) /* R2 */
		return;
	remove_dropins(uid);
	crl_state_unlock_for_good(s, name);
}

void crl_manager_sweep(const struct crl_state *s)
{
	int fd = openat(s->rooms, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint32_t uid;

	if (!dir) {
		scope_close_fd(&fd);
		return;
	}
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
		if (sscanf(d->d_name, "limits-%" SCNu32 ".lock", &uid) == 1)
			crl_manager_release(s, uid);
	(void)closedir(dir);
}
