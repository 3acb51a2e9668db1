// SPDX-License-Identifier: Apache-2.0
/* See holders.h. A note is written beside, with a dot, and renamed: it is read whole or not at all. */
#include "store/holders.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/procstat.h"
#include "store/lines.h"
#include "store/store.h"

#define TEXT_MAX 2048
#define FILE_MAX (CRL_HOLDER_ROOM_MAX + 8)

static const char *const kinds[] = {CRL_STORE_HOMES, CRL_STORE_ROOTS};

int crl_holders_open(int state)
{
	int fd;

	if (mkdirat(state, CRL_HOLDERS_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(state, CRL_HOLDERS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int parse(const char *text, struct crl_holder *h)
{
	uint64_t init;

	if (!crl_line_take(&text, "entry", h->entry, sizeof(h->entry)) ||
	    !crl_line_take(&text, "id", h->id, sizeof(h->id)) || !crl_line_take(&text, "at", h->at, sizeof(h->at)) ||
	    !crl_line_take_number(&text, "init", INT32_MAX, &init) ||
	    !crl_line_take_number(&text, "start", UINT64_MAX, &h->start) ||
	    !crl_line_take_number(&text, "device", UINT64_MAX, &h->device) || strcmp(text, "end\n") != 0)
		return -EBADMSG;
	h->init = (pid_t)init;
	return 0;
}

int crl_holder_note(int state, const struct crl_holder *h)
{
	char text[TEXT_MAX], name[FILE_MAX], beside[FILE_MAX + 1];
	struct crl_holder back = {0};
	scoped_fd dir = crl_holders_open(state);
	int n = snprintf(text, sizeof(text),
			 "entry=%s\nid=%s\nat=%s\ninit=%d\nstart=%" PRIu64 "\ndevice=%" PRIu64 "\nend\n", h->entry,
			 h->id, h->at, (int)h->init, h->start, h->device);

	if (dir < 0)
		return dir;
	if (n < 0 || (size_t)n >= sizeof(text) || parse(text, &back) < 0)
		return -EINVAL;
	(void)snprintf(name, sizeof(name), "%s.%.4s", h->room, h->entry); /* "home" or "root" */
	(void)snprintf(beside, sizeof(beside), ".%s", name);
	return crl_file_replace(
		dir, &(struct crl_file){.name = name, .beside = beside, .data = text, .len = (size_t)n, .mode = 0600});
}

void crl_holder_forget(int holders, const char *room)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(kinds) && holders >= 0 && room[0]; i++) {
		char name[FILE_MAX];

		(void)snprintf(name, sizeof(name), "%s.%s", room, kinds[i]);
		(void)unlinkat(holders, name, 0); /* what is left is swept */
	}
}

static bool is_alive(const struct crl_holder *h)
{
	return h->init > 0 && h->start != 0 && crl_process_start(h->init) == h->start;
}

static int read_one(int dir, const char *name, struct crl_holder *h)
{
	char text[TEXT_MAX];
	ssize_t n = crl_file_read(dir, name, text, sizeof(text));

	*h = (struct crl_holder){.init = 0};
	if (n < 0)
		return (int)n;
	if ((size_t)snprintf(h->room, sizeof(h->room), "%.*s", (int)strcspn(name, "."), name) >= sizeof(h->room))
		return -EBADMSG;
	return parse(text, h);
}

static int add(struct crl_holders *list, const struct crl_holder *h)
{
	struct crl_holder *grown = reallocarray(list->item, list->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	list->item = grown;
	list->item[list->len++] = *h;
	return 0;
}

int crl_holders_read(int state, const struct crl_entry *entry, struct crl_holders *ret)
{
	scoped(crl_dir) dir = {0};
	int rc = crl_dir_open(state, CRL_HOLDERS_DIR, &dir);

	*ret = (struct crl_holders){.len = 0};
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));) {
		struct crl_holder h;

		if (name[0] != '.' && read_one(crl_dir_fd(&dir), name, &h) == 0 &&
		    (!entry || (strcmp(h.entry, entry->name) == 0 && strcmp(h.id, entry->owner.id) == 0)) &&
		    is_alive(&h))
			rc = add(ret, &h);
	}
	return rc < 0 ? rc : dir.error;
}

void crl_holders_done(struct crl_holders *h)
{
	free(h->item);
	*h = (struct crl_holders){.len = 0};
}

/* One that is just being written has a dot, and goes when its room's note could not take its place. */
void crl_holders_sweep(int state)
{
	scoped(crl_dir) dir = {0};

	if (crl_dir_open(state, CRL_HOLDERS_DIR, &dir) < 0)
		return;
	for (const char *name; (name = crl_dir_next(&dir));) {
		struct crl_holder h;
		int rc = read_one(crl_dir_fd(&dir), name, &h);

		if (rc == -EBADMSG || (rc == 0 && !is_alive(&h)))
			(void)unlinkat(crl_dir_fd(&dir), name, 0);
	}
}
