// SPDX-License-Identifier: Apache-2.0
/* See module.h. */
#include "ctl/host/module.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scope.h"
#include "ctl/host/inchild.h"
#include "ctl/host/libpam.h"
#include "ctl/host/pamlog.h"
#include "wire/version.h"

#define ASK_WAIT_MS 10000
#define SERVICE "carrel-check"
#define LIBPAMS_OWN "pam_permit.so" /* every libpam has it: where it is found the others are looked for */

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

struct module_search {
	const char *name;
	char *to; /* PATH_MAX bytes */
};

static int look_at_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct module_search *s = arg;

	(void)size;
	if (!info->dlpi_name || strcmp(name_of(info->dlpi_name), s->name) != 0)
		return 0;
	(void)snprintf(s->to, PATH_MAX, "%s", info->dlpi_name);
	return 1;
}

static bool find_object(const char *name, char *ret)
{
	struct module_search s = {.name = name, .to = ret};

	return dl_iterate_phdr(look_at_object, &s) == 1;
}

static void look_inside(struct ctl_module *m)
{
	void *object = dlopen(m->path, RTLD_NOW | RTLD_NOLOAD);
	const char *version = object ? dlsym(object, CRL_MODULE_VERSION_SYMBOL) : NULL;

	m->whole = object && dlsym(object, "pam_sm_open_session") && dlsym(object, "pam_sm_close_session");
	if (version)
		(void)snprintf(m->version, sizeof(m->version), "%.63s", version);
}

/* The first line that tells of loading. */
static void keep_reason(struct ctl_module *m, const char *log)
{
	const char *at = strstr(log, "unable to dlopen");

	if (!at)
		at = log;
	(void)snprintf(m->why, sizeof(m->why), "%.*s", (int)strcspn(at, "\n"), at);
}

static int answer_nothing(int n, const struct pam_message **m, struct pam_response **r, void *arg)
{
	(void)n, (void)m, (void)r, (void)arg;
	return PAM_CONV_ERR;
}

struct module_question {
	const char *dir;
	const char *module; /* name of the file */
};

static void ask(const void *arg, void *answer)
{
	const struct module_question *q = arg;
	const struct pam_conv conv = {.conv = answer_nothing};
	struct ctl_module *m = answer;
	struct ctl_libpam pam;
	pam_handle_t *pamh = NULL;
	char log[4096] = "", own[PATH_MAX];

	ctl_pam_log_to(log, sizeof(log));
	if (!ctl_libpam_open(&pam, m->why, sizeof(m->why)))
		return;
	if (!pam.start_confdir) {
		(void)snprintf(m->why, sizeof(m->why), "libpam is older than 1.4 and cannot be asked");
		return;
	}
	if (pam.start_confdir(SERVICE, "root", &conv, q->dir, &pamh) != PAM_SUCCESS) {
		keep_reason(m, log);
		return;
	}
	m->asked = true;
	m->loaded = find_object(q->module, m->path);
	if (m->loaded)
		look_inside(m);
	else
		keep_reason(m, log);
	if (find_object(LIBPAMS_OWN, own))
		(void)snprintf(m->libpam_dir, sizeof(m->libpam_dir), "%.*s", (int)(name_of(own) - own - 1), own);
	(void)pam.end(pamh, PAM_SUCCESS);
}

static int write_service(const char *dir, const char *name)
{
	char path[PATH_MAX], text[PATH_MAX];
	scoped_fd fd = -EBADF;

	(void)snprintf(path, sizeof(path), "%s/" SERVICE, dir);
	(void)snprintf(text, sizeof(text), "session requisite %s open\nsession optional " LIBPAMS_OWN "\n", name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : crl_file_write_all(fd, text, strlen(text));
}

void ctl_module_ask(const char *name, struct ctl_module *ret)
{
	char dir[] = "/tmp/carrelctl-XXXXXX", path[sizeof(dir) + sizeof(SERVICE)];
	const struct module_question q = {.dir = dir, .module = name_of(name)};
	void *answer = NULL;
	int rc;

	*ret = (struct ctl_module){.asked = false};
	if (!mkdtemp(dir)) {
		(void)snprintf(ret->why, sizeof(ret->why), "no directory in /tmp: %s", strerrordesc_np(errno));
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/" SERVICE, dir);
	rc = write_service(dir, name);
	if (rc == 0)
		rc = ctl_ask_child(ask, &q, &answer, sizeof(*ret), ASK_WAIT_MS);
	if (answer)
		*ret = *(struct ctl_module *)answer;
	if (rc < 0) {
		ret->asked = rc != -ECHILD ? false : ret->asked;
		(void)snprintf(ret->why, sizeof(ret->why), "loading it does not end well: %s",
			       rc == -ECHILD ? "it takes its process down" : strerrordesc_np(-rc));
	}
	ctl_answer_done(answer, sizeof(*ret));
	(void)unlink(path);
	(void)rmdir(dir);
}

static void ask_helper(const void *arg, void *answer)
{
	char *const argv[] = {crl_unconst(arg), crl_unconst("--version"), NULL};
	char *const empty[] = {NULL};
	char *text = answer;
	int pair[2];
	pid_t pid;
	ssize_t n;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		if (dup2(pair[1], STDOUT_FILENO) >= 0)
			(void)execve(arg, argv, empty);
		_exit(127);
	}
	(void)close(pair[1]);
	n = read(pair[0], text, 63);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/* Asked once: status has it on a line of its own, and check asks as well. */
int ctl_helper_version(const char *helper, char ret[64])
{
	static char asked[PATH_MAX], version[64];
	static int rc;
	void *answer = NULL;

	if (strcmp(asked, helper) != 0) {
		version[0] = '\0';
		rc = ctl_ask_child(ask_helper, helper, &answer, 64, ASK_WAIT_MS);
		if (rc == 0)
			(void)snprintf(version, sizeof(version), "%s", (const char *)answer);
		ctl_answer_done(answer, 64);
		(void)snprintf(asked, sizeof(asked), "%s", helper);
	}
	if (rc == 0)
		memcpy(ret, version, sizeof(version));
	return rc < 0 ? rc : ret[0] ? 0 : -EBADMSG;
}
