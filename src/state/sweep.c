// SPDX-License-Identifier: Apache-2.0
/*
 * Remove what is left of rooms whose supervisor and init both died without a word.
 *
 * Runs in: helper (root), now and then; never on the way of a login.
 */
#include "state/record.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define RECORD_MAX 65536

static char *read_record(int rooms, const char *file)
{
	scoped_free char *text = malloc(RECORD_MAX);
	scoped_fd fd = openat(rooms, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (!text || fd < 0)
		return NULL;
	n = read(fd, text, RECORD_MAX - 1);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return take_ptr(text);
}

/* True when the record's supervisor is gone, or its number is another process's now. */
static bool is_dead(const char *text)
{
	const char *p = strstr(text, "\nsupervisor=");
	uint64_t start;
	int pid;

	if (!p || sscanf(p, "\nsupervisor=%d %" SCNu64, &pid, &start) != 2)
		return true; /* not a record of ours: nothing alive can depend on it */
	return crl_process_start((pid_t)pid) != start;
}

#define SLICE_MAX 256

/* What a line of a record says, which only root can have written; "" when it has no such line. @key  "\nKEY=" */
static void read_line(const char *text, const char *key, char *buf, size_t size)
{
	const char *p = strstr(text, key);

	p = p ? p + strlen(key) : "";
	(void)snprintf(buf, size, "%.*s", (int)strcspn(p, "\n"), p);
}

static void sweep_cgroups(const char *text, crl_sweep_cgroup *remove_cgroup, void *arg)
{
	char slice[SLICE_MAX], root[PATH_MAX];

	read_line(text, "\nslice=", slice, sizeof(slice));
	read_line(text, "\ncgroup_root=", root, sizeof(root));
	for (const char *p = strstr(text, "\nlogin="); p && slice[0]; p = strstr(p + 1, "\nlogin=")) {
		char id[CRL_ID_MAX];
		int cgroup;

		if (sscanf(p, "\nlogin=%15[a-z0-9] %*u %d", id, &cgroup) == 2 && cgroup)
			remove_cgroup(arg, root, slice, id);
	}
}

void crl_record_each_cgroup(const struct crl_state *s, const char *name, const char *id, crl_sweep_cgroup *each,
			    void *arg)
{
	char file[CRL_KEY_MAX + 8], want[CRL_ID_MAX + 8];
	scoped_free char *text = NULL;

	(void)snprintf(file, sizeof(file), "%s.room", name); /* names are shorter */
	(void)snprintf(want, sizeof(want), "\nroom=%s\n", id);
	text = read_record(s->rooms, file);
	if (text && strstr(text, want))
		sweep_cgroups(text, each, arg);
}

bool crl_record_has_slice(int rooms_dir, const char *file, const char *slice)
{
	const char *dot = strrchr(file, '.');
	scoped_free char *text = NULL;
	char path[SLICE_MAX], *rest = NULL;

	if (!dot || strcmp(dot, ".room") != 0)
		return false;
	text = read_record(rooms_dir, file);
	if (!text || is_dead(text))
		return false;
	read_line(text, "\nslice=", path, sizeof(path));
	for (const char *name = strtok_r(path, "/", &rest); name; name = strtok_r(NULL, "/", &rest))
		if (strcmp(name, slice) == 0)
			return true;
	return false;
}

static bool sweep_one(const struct crl_state *s, const char *file, crl_sweep_cgroup *remove_cgroup, void *arg)
{
	const char *dot = strrchr(file, '.');
	scoped_free char *text = NULL;
	char name[CRL_KEY_MAX];

	if (!dot || strcmp(dot, ".room") != 0 || (size_t)(dot - file) >= sizeof(name))
		return false;
	text = read_record(s->rooms, file);
	if (!text || !is_dead(text))
		return false;
	if (remove_cgroup)
		sweep_cgroups(text, remove_cgroup, arg);
	memcpy(name, file, (size_t)(dot - file));
	name[dot - file] = '\0';
	crl_record_remove(s->rooms, name);
	return true;
}

int crl_state_sweep(const struct crl_state *s, crl_sweep_cgroup *remove_cgroup, void *arg)
{
	int fd = openat(s->rooms, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), swept = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		int e = errno;

		scope_close_fd(&fd);
		return -e;
	}
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
		swept += sweep_one(s, d->d_name, remove_cgroup, arg);
	(void)closedir(dir);
	return swept;
}
