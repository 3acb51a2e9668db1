// SPDX-License-Identifier: Apache-2.0
/* Are module, helper and carrelctl there, root's alone, and of one version? See findings.h. */
#include "ctl/findings.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "ctl/module.h"
#include "proto/version.h"

#define NAMES_MAX 16 /* different modules or helpers that PAM lines name */

/* Where a name stands. */
struct place {
	const char *path; /* "" = nowhere yet */
	int line;
};

static void check_owner(struct findings *f, const char *path)
{
	char dir[PATH_MAX];
	scoped_fd fd = -EBADF;
	struct crl_err err = {0};
	struct stat st;

	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	if (crl_path_open_trusted(dir[0] ? dir : "/", CRL_PATH_DIR, CRL_STAGE_CONFIG, &fd, &err) < 0)
		find(f, ERROR, path, 0, "chown root, chmod 755 for all directories above it", "not root's alone: %s", err.text);
	else if (stat(path, &st) == 0 && (st.st_uid != 0 || (st.st_mode & 022) != 0))
		find(f, ERROR, path, 0, "chown root, chmod 644", "the module is not root's alone");
}

static void check_one_module(struct findings *f, const char *name, const struct place *at)
{
	scoped_free struct ctl_module *m = malloc(sizeof(*m));
	char mend[PATH_MAX + 100];

	if (!m)
		return;
	ctl_module_ask(name, m);
	(void)snprintf(mend, sizeof(mend), m->libpam_dir[0] && name[0] != '/' ? "make install PAMDIR=%s" :
								"make install%.0s, or the right path in the line", m->libpam_dir);
	if (!m->asked)
		find(f, WARNING, at->path, at->line, "log in once before the last shell is closed",
		     "it is not known whether %s can be loaded: %s", name, m->why);
	else if (!m->loaded)
		find(f, ERROR, at->path, at->line, mend,
		     "libpam cannot load %s: every login is refused, root's too, whatever carrel.conf says (%s)", name, m->why);
	else if (!m->whole)
		find(f, ERROR, at->path, at->line, mend, "%s, which libpam loads, is no module of carrel's", m->path);
	else if (strcmp(m->version, CRL_VERSION_TEXT) != 0)
		find(f, ERROR, m->path, 0, "make install",
		     "libpam loads a module of version %s, and this is carrelctl " CRL_VERSION_TEXT ": logins may be refused",
		     m->version[0] ? m->version : "unknown, since it tells none");
	if (m->loaded)
		check_owner(f, m->path);
}

static void check_one_helper(struct findings *f, const char *path)
{
	char version[64] = "";
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		find(f, ERROR, path, 0, "make install", "the helper is not there: every login is refused");
	else if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		find(f, ERROR, path, 0, "chown root, chmod 755", "the helper is not root's alone");
	else if (st.st_mode & (S_ISUID | S_ISGID))
		find(f, ERROR, path, 0, "chmod 755", "the helper has a set-id bit, which it refuses to run with");
	else if (geteuid() == 0) { /* it runs for nobody else */
		r = ctl_helper_version(path, version);
		if (r < 0)
			find(f, ERROR, path, 0, "make install", "the helper does not tell its version: it is older, or does not run here");
		else if (strcmp(version, CRL_VERSION_TEXT) != 0)
			find(f, ERROR, path, 0, "make install",
			     "the helper is version %s, and this is carrelctl " CRL_VERSION_TEXT ": logins may be refused", version);
	}
}

/* Each name once. */
struct names {
	struct findings *f;
	const struct ctl *c;
	char module[NAMES_MAX][PAM_WORD_BYTES];
	size_t modules;
	char helper[NAMES_MAX][PAM_WORD_BYTES];
	size_t helpers;
};

static bool is_new(char list[][PAM_WORD_BYTES], size_t *len, const char *name)
{
	for (size_t i = 0; i < *len; i++)
		if (strcmp(list[i], name) == 0)
			return false;
	if (*len == NAMES_MAX)
		return false;
	(void)snprintf(list[(*len)++], PAM_WORD_BYTES, "%s", name);
	return true;
}

static void look_at_line(void *arg, const char *service, const struct pam_step *step)
{
	struct names *n = arg;
	const struct place at = {.path = step->path, .line = step->line.number};
	char helper[PAM_WORD_BYTES];

	(void)service;
	if (is_new(n->module, &n->modules, step->line.module))
		check_one_module(n->f, step->line.module, &at);
	if (!pam_line_argument(&step->line, "helper", helper))
		(void)snprintf(helper, sizeof(helper), "%s", CRL_HELPER_PATH);
	if (is_new(n->helper, &n->helpers, helper))
		check_one_helper(n->f, helper);
}

void check_module(struct findings *f, const struct ctl *c, const struct pam_view *v)
{
	scoped_free struct names *n = calloc(1, sizeof(*n));

	if (!n)
		return;
	n->f = f;
	n->c = c;
	pam_view_wired(v, look_at_line, n);
	if (n->modules == 0) /* what enable would write */
		check_one_module(f, c->module ? c->module : CTL_MODULE_NAME, &(struct place){.path = ""});
	if (n->helpers == 0)
		check_one_helper(f, c->helper);
}
