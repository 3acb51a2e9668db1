// SPDX-License-Identifier: Apache-2.0
/* carrelctl check: the whole configuration, and what of this host it depends on. */
#include "ctl/ctl.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/cgroup.h"
#include "apply/cgroup_limits.h"
#include "ctl/findings.h"
#include "ctl/pamstack.h"
#include "base/path.h"
#include "policy/match.h"

const struct ctl_column findings_column[FINDINGS_COLUMNS] = {
	{"LEVEL", false}, {"FILE", false}, {"LINE", true}, {"FINDING", false}, {"MEND", false}};

void find(struct findings *f, enum level level, const char *file, int line, const char *mend, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->errors += level == ERROR;
	f->warnings += level == WARNING;
	ctl_cell(&f->table, "%s", level == ERROR ? "error" : "warning");
	if (file && file[0])
		ctl_cell(&f->table, "%s", file);
	else
		ctl_no_cell(&f->table);
	if (line > 0)
		ctl_cell(&f->table, "%d", line);
	else
		ctl_no_cell(&f->table);
	ctl_cell(&f->table, "%s", text);
	ctl_cell(&f->table, "%s", mend);
}

static bool has_conditions(const struct crl_rule *r)
{
	for (enum crl_condition k = 0; k < CRL_COND_COUNT; k++)
		if (r->is[k].len || r->not[k].len)
			return true;
	return false;
}

static bool contains(const struct crl_strv *all, const struct crl_strv *some)
{
	for (size_t i = 0; i < some->len; i++)
		if (!crl_strv_has(all, some->item[i]))
			return false;
	return true;
}

/* Whoever comes to @later has met @earlier, which asks no more than that. */
static bool covers(const struct crl_rule *earlier, const struct crl_rule *later)
{
	for (enum crl_condition k = 0; k < CRL_COND_COUNT; k++) {
		if (earlier->is[k].len && (!later->is[k].len || !contains(&earlier->is[k], &later->is[k])))
			return false;
		if (!contains(&later->not[k], &earlier->not[k]))
			return false;
	}
	return true;
}

static void check_reach(struct findings *f, const struct crl_rules *rules)
{
	for (size_t i = 1; i < rules->len; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct crl_rule *later = &rules->item[i], *earlier = &rules->item[j];

			if (!covers(earlier, later))
				continue;
			find(f, WARNING, later->file, later->line, "put it above that rule, or take it out",
			     "this rule is never reached: %s:%d matches all that it would", earlier->file, earlier->line);
			break;
		}
	}
	if (rules->len == 0)
		find(f, WARNING, NULL, 0, "add rules = ( { policy = \"shared\"; } );",
		     "there are no rules: every login but root's and the break-glass group's is refused");
	else if (has_conditions(&rules->item[rules->len - 1]))
		find(f, WARNING, rules->item[rules->len - 1].file, rules->item[rules->len - 1].line,
		     "end the rules with one that has no condition, if that is not meant",
		     "a login that no rule matches is refused");
}

static void check_names(struct findings *f, const struct crl_rule *rule, const struct crl_strv *names, bool group)
{
	for (size_t i = 0; i < names->len; i++) {
		bool there;

		errno = 0;
		there = group ? getgrnam(names->item[i]) != NULL : getpwnam(names->item[i]) != NULL;
		if (!there && errno != 0 && errno != ENOENT && errno != ESRCH)
			find(f, ERROR, rule->file, rule->line, "mend the name service: logins that come to this rule are refused",
			     "the name service does not answer for %s \"%s\": %s", group ? "group" : "user", names->item[i],
			     strerrordesc_np(errno));
		else if (!there)
			find(f, WARNING, rule->file, rule->line, "create it, or mend the name", "no %s \"%s\" on this host",
			     group ? "group" : "user", names->item[i]);
	}
}

static void check_rules(struct findings *f, const struct crl_rules *rules)
{
	for (size_t i = 0; i < rules->len; i++) {
		const struct crl_rule *r = &rules->item[i];

		check_names(f, r, &r->is[CRL_COND_USER], false);
		check_names(f, r, &r->not[CRL_COND_USER], false);
		check_names(f, r, &r->is[CRL_COND_GROUP], true);
		check_names(f, r, &r->not[CRL_COND_GROUP], true);
	}
	check_reach(f, rules);
}

/* Groups whose members can become root on the host, by what is outside of rooms. */
static void check_members(struct findings *f)
{
	static const char *const mighty[] = {"docker", "lxd", "incus-admin", "libvirt", "disk", "shadow"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(mighty); i++) {
		const struct group *g = getgrnam(mighty[i]);

		for (char **m = g ? g->gr_mem : NULL; m && *m; m++)
			find(f, WARNING, NULL, 0, "take the user out of the group, unless that is meant",
			     "%s is in group %s, which is root's power wherever its socket or device is in reach", *m, mighty[i]);
	}
}

static void check_service(struct findings *f, const char *path, const char *text)
{
	struct pam_stack s;

	pam_stack_read(text, &s);
	if (!s.open && !s.close)
		return;
	f->wired++;
	if (!s.open)
		find(f, ERROR, path, s.close, "carrelctl disable, then enable", "carrel closes but never opens: nobody is isolated");
	else if (!s.close)
		find(f, ERROR, path, s.open, "session optional pam_carrel.so close, before all other session lines",
		     "carrel opens but never closes");
	if (s.opens > 1 || s.closes > 1)
		find(f, ERROR, path, s.open, "carrelctl disable, then enable", "carrel is in this stack more than once");
	if (s.open && !s.open_is_binding)
		find(f, ERROR, path, s.open, "session requisite pam_carrel.so open",
		     "its control lets a login go on that carrel has refused");
	if (s.after_open)
		find(f, ERROR, path, s.after_open, "move carrel's open behind it",
		     "this session line comes behind carrel's open and runs inside the room");
	if (s.close && s.before_close && s.before_close < s.close)
		find(f, ERROR, path, s.before_close, "move carrel's close before it",
		     "this session line comes before carrel's close and closes inside the room");
	if (s.ends_early)
		find(f, ERROR, path, s.ends_early, "another control than that",
		     "this session line can end the stack before carrel is asked");
}

static void check_pam(struct findings *f, const struct ctl *c)
{
	DIR *dir = opendir(c->pam_dir);

	if (!dir) {
		find(f, ERROR, c->pam_dir, 0, "", "cannot be read: %s", strerrordesc_np(errno));
		return;
	}
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		scoped_fd fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		scoped_free char *text = NULL;
		char path[PATH_MAX];
		size_t len;

		if (d->d_name[0] == '.' || fd < 0 || crl_file_read_all(fd, &text, &len) < 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", c->pam_dir, d->d_name);
		check_service(f, path, text);
	}
	(void)closedir(dir);
	if (f->wired == 0)
		find(f, WARNING, c->pam_dir, 0, "carrelctl enable sshd", "no service uses carrel: nobody is isolated");
}

static void check_switch(struct findings *f, const struct ctl *c)
{
	char path[PATH_MAX];

	ctl_beside_config(c, "off", path);
	if (access(path, F_OK) == 0)
		find(f, WARNING, path, 0, "remove the file", "carrel is switched off: nobody who logs in now is isolated");
}

static void check_helper(struct findings *f)
{
	struct stat st;

	if (stat(CRL_HELPER_PATH, &st) < 0)
		find(f, ERROR, CRL_HELPER_PATH, 0, "make install", "the helper is not there: every login is refused");
	else if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		find(f, ERROR, CRL_HELPER_PATH, 0, "chown root, chmod 755", "the helper is not root's alone");
	else if (st.st_mode & (S_ISUID | S_ISGID))
		find(f, ERROR, CRL_HELPER_PATH, 0, "chmod 755", "the helper has a set-id bit, which it refuses to run with");
}

void check_config(struct findings *f, const char *path, struct crl_config **ret)
{
	struct crl_config *config = NULL;
	struct crl_err err = {0};

	if (crl_config_load(path, &config, &err) < 0 || crl_config_check_all(config, &err) < 0)
		find(f, ERROR, err.file[0] ? err.file : path, err.line, "", "%s", err.text);
	else
		check_policies(f, config);
	if (config)
		check_rules(f, crl_config_rules(config));
	*ret = config;
}

void print_findings(const struct ctl *c, struct findings *f)
{
	if (c->json || f->table.cells > 0)
		ctl_table_print(c, &f->table);
	if (!c->json)
		(void)printf("%s%zu errors, %zu warnings\n", f->table.cells > 0 ? "\n" : "", f->errors, f->warnings);
	ctl_table_done(&f->table);
}

enum ctl_exit ctl_check(const struct ctl *c, int argc, char **argv)
{
	struct findings f = {.table = {.column = findings_column, .columns = FINDINGS_COLUMNS}};
	struct crl_config *config = NULL;
	char path[PATH_MAX];

	(void)argc, (void)argv;
	check_trial(&f, c, path);
	check_config(&f, path, &config);
	check_members(&f);
	check_pam(&f, c);
	check_switch(&f, c);
	check_helper(&f);
	crl_config_free(config);
	print_findings(c, &f);
	return f.errors > 0 ? CTL_NO : CTL_YES;
}
