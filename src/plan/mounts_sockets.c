// SPDX-License-Identifier: Apache-2.0
/*
 * Sockets of the host with a name in the file tree: a read-only view keeps nobody from connecting to them, so those
 * that the policy does not offer are covered. Those that come later are not; docs/mounts.md says so.
 *
 * Runs in: helper, carrelctl. Trusts: the kernel's format, not the names in it.
 */
#include "plan/mounts_build.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOCKETS_MAX  4096u /* kept; a host has tens */
#define OF_USERS_MAX 1024u /* of them, where users make their own: many there must not leave a service's uncovered */
#define TEXT_MAX     (8u << 20) /* bytes read, for some 100,000 sockets of any kind: a user can make very many */
#define ACCEPTS      0x10000u /* of the kernel's flags: it listens */
#define TYPE_DGRAM   2u

/* Where anybody can make a name; but for homes, rooms have their own of each, and the host's is not seen. */
static const char *const of_users[] = {
	"/home", "/tmp", "/var/tmp", "/dev/shm", "/run/user", "/run/lock", "/run/screen",
};

struct reader {
	struct crl_host *host;
	size_t capacity;
	size_t of_users;
	char line[PATH_MAX + 128];
	size_t len;
	bool too_long; /* the rest of the line is passed over */
};

static int keep_socket(struct reader *r, const char *path)
{
	struct crl_host *h = r->host;
	bool of_user = false;

	for (size_t i = 0; i < CRL_ARRAY_LEN(of_users); i++)
		of_user = of_user || crl_path_is_within(path, of_users[i]);
	if (h->sockets_len == SOCKETS_MAX || (of_user && r->of_users == OF_USERS_MAX)) {
		h->sockets_cut = true;
		return 0;
	}
	r->of_users += of_user;
	if (h->sockets_len == r->capacity) {
		size_t capacity = r->capacity ? r->capacity * 2 : 64;
		char **bigger = reallocarray(h->sockets, capacity, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		h->sockets = bigger;
		r->capacity = capacity;
	}
	h->sockets[h->sockets_len] = strdup(path);
	return h->sockets[h->sockets_len] ? (int)(h->sockets_len++, 0) : -ENOMEM;
}

/* Num RefCount Protocol Flags Type St Inode Path. What does not look so is the heading, or a name with a line end. */
static int take_line(struct reader *r)
{
	unsigned int flags, type;
	int at = 0;

	r->line[r->len] = '\0';
	if (r->too_long || sscanf(r->line, "%*[^:]: %*x %*x %x %x %*x %*u %n", &flags, &type, &at) != 2 || at == 0)
		return 0;
	if (r->line[at] != '/' || (!(flags & ACCEPTS) && type != TYPE_DGRAM))
		return 0;
	return keep_socket(r, r->line + at);
}

static int take_text(struct reader *r, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int rc = 0;

		if (text[i] == '\n') {
			rc = take_line(r);
			r->len = 0;
			r->too_long = false;
		} else if (r->len + 1 < sizeof(r->line)) {
			r->line[r->len++] = text[i] ? text[i] : ' ';
		} else {
			r->too_long = true;
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

int crl_host_read_sockets(int fd, struct crl_host *host, struct crl_err *err)
{
	scoped_free struct reader *r = calloc(1, sizeof(*r));
	size_t total = 0;
	char text[16384];
	ssize_t n = 1;
	int rc = r ? 0 : -ENOMEM;

	if (r)
		r->host = host;
	while (rc == 0 && n > 0) {
		n = read(fd, text, sizeof(text));
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		rc = n < 0 ? -errno : take_text(r, text, (size_t)n);
		total += n > 0 ? (size_t)n : 0;
		if (total > TEXT_MAX) {
			host->sockets_cut = true;
			break;
		}
	}
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot read the host's sockets") : 0;
}

static bool is_at_or_beneath(const struct crl_strv *list, const char *path)
{
	for (size_t i = 0; i < list->len; i++)
		if (crl_path_is_within(path, list->item[i]))
			return true;
	return false;
}

bool crl_policy_offers_socket(const struct crl_policy *p, const char *path)
{
	return is_at_or_beneath(&p->sockets, path) || is_at_or_beneath(&p->writable, path);
}

/* An image has sockets of its own at most, and those of its binds are offered. */
int crl_build_sockets(struct crl_build *b)
{
	if (b->policy->root_mode != CRL_ROOT_HOST)
		return 0;
	for (size_t i = 0; i < b->host->sockets_len; i++) {
		const char *path = b->host->sockets[i];
		int rc;

		if (crl_build_is_fixed(b, path) || crl_build_is_hidden(b, path, SIZE_MAX) ||
		    crl_path_is_within(path, b->login->home) || crl_policy_offers_socket(b->policy, path))
			continue;
		rc = CRL_ADD(b, .kind = CRL_MOUNT_SOCKET, .target = path, .flags = CRL_OP_OPTIONAL);
		if (rc)
			return rc;
	}
	return 0;
}
