// SPDX-License-Identifier: Apache-2.0
/* See policy.h. */
#include "policy/policy.h"

#include <string.h>

static const char *const default_hide[] = {
	"/home", "/root", "/boot", "/media", "/mnt", "/lost+found", "/var/spool", "/var/mail", "/etc/carrel",
};

/*
 * Names and log, no more: the daemons that answer for the name service (nscd, and those of LDAP and Active Directory;
 * SSSD's is below /var/lib), and of systemd-resolved the files, not its socket, since that would ask the network for
 * a room that has none.
 */
static const char *const default_run[] = {
	"/run/nscd",
	"/run/nslcd",
	"/run/samba/winbindd",
	"/run/systemd/journal/dev-log",
	"/run/systemd/resolve/resolv.conf",
	"/run/systemd/resolve/stub-resolv.conf",
	"/run/resolvconf",
	"/run/NetworkManager/resolv.conf",
	"/run/motd.dynamic",
};

/* SSSD's, which tells names and groups; the other name services have theirs in /run. */
static const char *const default_sockets[] = {"/var/lib/sss/pipes"};

static const char *const default_families[] = {"unix", "inet", "inet6", "netlink"};

int crl_strdup_to(char **dest, const char *text)
{
	char *copy = strdup(text);

	if (!copy) {
		return -ENOMEM;
	}
	free(*dest);
	*dest = copy;
	return 0;
}

int crl_strv_add(struct crl_strv *v, const char *text)
{
	char **grown = reallocarray(v->item, v->len + 1, sizeof(*grown));

	if (!grown) {
		return -ENOMEM;
	}
	v->item = grown;
	v->item[v->len] = strdup(text);
	if (!v->item[v->len]) {
		return -ENOMEM;
	}
	v->len++;
	return 0;
}

bool crl_strv_has(const struct crl_strv *v, const char *text)
{
	for (size_t i = 0; i < v->len; i++) {
		if (strcmp(v->item[i], text) == 0) {
			return true;
		}
	}
	return false;
}

void crl_strv_done(struct crl_strv *v)
{
	for (size_t i = 0; i < v->len; i++) {
		free(v->item[i]);
	}
	free(v->item);
	*v = (struct crl_strv){0};
}

static int add_all(struct crl_strv *v, const char *const *text, size_t len)
{
	int rc = 0;

	for (size_t i = 0; i < len && rc == 0; i++) {
		rc = crl_strv_add(v, text[i]);
	}
	return rc;
}

int crl_policy_init(struct crl_policy *p)
{
	int rc;

	*p = (struct crl_policy){
		.share = CRL_SHARE_LOGIN,
		.on_close = CRL_CLOSE_KILL,
		.namespaces = CRL_NS_BIT(CRL_NS_MOUNT) | CRL_NS_BIT(CRL_NS_PID) | CRL_NS_BIT(CRL_NS_UTS) |
			      CRL_NS_BIT(CRL_NS_IPC) | CRL_NS_BIT(CRL_NS_NET) | CRL_NS_BIT(CRL_NS_CGROUP) |
			      CRL_NS_BIT(CRL_NS_TIME),
		.root_mode = CRL_ROOT_HOST,
		.tmp_size = UINT64_C(512) << 20,
		.ptys = 64,
		.rooms = CRL_UNLIMITED,
		.home_mode = CRL_HOME_REAL,
		.net_mode = CRL_NET_NONE,
		.trim_caps = true,
		.notice = true,
		.no_new_privs = true,
		.seccomp = {.base = "@login", .compat = true},
		.need = {[CRL_FEATURE_ACCOUNTING] =
				 CRL_NEED_PREFER}, /* the others: CRL_NEED_REQUIRE, which is 0 */
	};
	crl_limits_init(&p->limits);
	rc = add_all(&p->hide, default_hide, CRL_ARRAY_LEN(default_hide));
	if (rc == 0) {
		rc = add_all(&p->run, default_run, CRL_ARRAY_LEN(default_run));
	}
	if (rc == 0) {
		rc = add_all(&p->sockets, default_sockets, CRL_ARRAY_LEN(default_sockets));
	}
	if (rc == 0) {
		rc = add_all(&p->seccomp.families, default_families, CRL_ARRAY_LEN(default_families));
	}
	return rc;
}

void crl_bind_done(struct crl_bind *b)
{
	free(b->source);
	free(b->target);
	*b = (struct crl_bind){0};
}

void crl_io_limit_done(struct crl_io_limit *io)
{
	free(io->path);
	*io = (struct crl_io_limit){0};
}

void crl_limits_init(struct crl_limits *l)
{
	*l = (struct crl_limits){
		.cpu_permille = CRL_UNLIMITED,
		.memory = CRL_UNLIMITED,
		.memory_high = CRL_UNLIMITED,
		.swap = CRL_UNLIMITED,
		.tasks = CRL_UNLIMITED,
	};
}

void crl_limits_done(struct crl_limits *l)
{
	for (size_t i = 0; i < l->io_len; i++) {
		crl_io_limit_done(&l->io[i]);
	}
	free(l->io);
	*l = (struct crl_limits){0};
}

bool crl_limits_any(const struct crl_limits *l)
{
	return l->cpu_permille != CRL_UNLIMITED || l->cpu_weight || l->memory != CRL_UNLIMITED ||
	       l->memory_high != CRL_UNLIMITED || l->swap != CRL_UNLIMITED || l->tasks != CRL_UNLIMITED || l->io_len;
}

bool crl_limits_high_is_above(const struct crl_limits *l)
{
	return l->memory_high != CRL_UNLIMITED && l->memory_high > l->memory;
}

bool crl_policy_names_limits(const struct crl_policy *p)
{
	return crl_limits_any(&p->limits) || p->budget[0];
}

void crl_policy_done(struct crl_policy *p)
{
	for (size_t i = 0; i < p->bind_len; i++) {
		crl_bind_done(&p->bind[i]);
	}
	free(p->bind);
	crl_limits_done(&p->limits);
	free(p->root_path);
	free(p->home_lower);
	free(p->home_skeleton);
	crl_strv_done(&p->hide);
	crl_strv_done(&p->read_only);
	crl_strv_done(&p->writable);
	crl_strv_done(&p->run);
	crl_strv_done(&p->sockets);
	crl_strv_done(&p->seccomp.allow);
	crl_strv_done(&p->seccomp.deny);
	crl_strv_done(&p->seccomp.families);
	*p = (struct crl_policy){0};
}
