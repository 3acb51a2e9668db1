// SPDX-License-Identifier: Apache-2.0
/* See public_list.h. R1: a text that is not as it was written, or not all of it, is none. */
#include "store/public_list.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"

#define HEAD "carrel-public 1"
#define END "end"
#define BOOT "/proc/sys/kernel/random/boot_id"
#define BOOT_MAX 64
#define DEPTH_MAX 256
#define TEXT_MAX (256u << 20)

/* What was found before the host was switched off may not be what is on its disks. */
static void name_boot(char ret[BOOT_MAX])
{
	ret[0] = '\0';
	if (crl_file_read(AT_FDCWD, BOOT, ret, BOOT_MAX) < 0)
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

static void add(struct crl_public_text *t, const char *text, size_t len)
{
	size_t size = t->size ? t->size : 65536;
	char *bigger;

	while (size - t->len < len)
		size *= 2;
	if (t->rc < 0)
		return;
	if (size != t->size) {
		bigger = realloc(t->buf, size);
		if (!bigger) {
			t->rc = -ENOMEM;
			return;
		}
		t->buf = bigger;
		t->size = size;
	}
	memcpy(t->buf + t->len, text, len);
	t->len += len;
}

void crl_public_begin(struct crl_public_text *t, int64_t whole_s)
{
	char boot[BOOT_MAX], line[BOOT_MAX + 64];
	int n;

	name_boot(boot);
	n = snprintf(line, sizeof(line), HEAD " %s %" PRId64, boot, whole_s);
	add(t, line, (size_t)n + 1);
}

void crl_public_put(struct crl_public_text *t, const struct crl_public_item *item)
{
	char head[64];
	int n = snprintf(head, sizeof(head), "%c%" PRIx64 " %" PRIx64 " ", (char)item->kind, item->ino,
			 (uint64_t)item->changed_ns);

	add(t, head, (size_t)n);
	add(t, item->path, strlen(item->path) + 1);
}

void crl_public_end(struct crl_public_text *t)
{
	add(t, END, sizeof(END));
}

void crl_public_text_done(struct crl_public_text *t)
{
	free(t->buf);
	*t = (struct crl_public_text){0};
}

void crl_public_list_done(struct crl_public_list *list)
{
	free(list->item);
	free(list->text);
	*list = (struct crl_public_list){0};
}

static int parse_head(const char *line, int64_t *ret_whole)
{
	char boot[BOOT_MAX], expected[BOOT_MAX + 32];
	size_t len;
	char *end;

	name_boot(boot);
	len = (size_t)snprintf(expected, sizeof(expected), HEAD " %s ", boot);
	if (strncmp(line, expected, len) != 0)
		return strncmp(line, HEAD " ", strlen(HEAD " ")) ? -EBADMSG : -ESTALE;
	*ret_whole = strtoll(line + len, &end, 10);
	return *end || !boot[0] ? -EBADMSG : 0;
}

/* Hexadecimal digits and a blank. */
static bool take_number(const char **at, uint64_t *ret)
{
	char *end;

	if (!strchr("0123456789abcdef", **at) || !**at)
		return false;
	*ret = strtoull(*at, &end, 16);
	*at = end + 1;
	return *end == ' ';
}

static int parse_item(const char *line, struct crl_public_item *ret)
{
	const char *at = line + 1;
	uint64_t changed;

	if (!line[0] || !strchr("NTDWOBE", line[0]))
		return -EBADMSG;
	ret->kind = (enum crl_public_kind)line[0];
	if (!take_number(&at, &ret->ino) || !take_number(&at, &changed) || *at == '/')
		return -EBADMSG;
	ret->changed_ns = (int64_t)changed;
	ret->path = at;
	return 0;
}

static bool is_in(const char *path, const struct crl_public_item *dir)
{
	size_t len = strlen(dir->path);

	return strncmp(path, dir->path, len) == 0 && path[len] == '/';
}

/* A directory comes before all that is in it. */
static int find_ends(struct crl_public_list *list)
{
	size_t open[DEPTH_MAX], depth = 0;

	for (size_t i = 0; i < list->len; i++) {
		struct crl_public_item *item = &list->item[i];

		while (depth > 0 && !is_in(item->path, &list->item[open[depth - 1]]))
			list->item[open[--depth]].next = i;
		item->next = i + 1;
		if (item->kind != CRL_PUBLIC_OPEN)
			continue;
		if (depth == DEPTH_MAX)
			return -EBADMSG;
		open[depth++] = i;
	}
	while (depth > 0)
		list->item[open[--depth]].next = list->len;
	return 0;
}

static int parse(struct crl_public_list *list, size_t len)
{
	char *text = list->text, *end = text + len;
	size_t lines = 0;
	int rc;

	if (len < sizeof(END) || end[-1])
		return -EBADMSG;
	for (const char *c = text; c < end; c++)
		lines += !*c;
	list->item = calloc(lines, sizeof(*list->item));
	if (!list->item)
		return -ENOMEM;
	rc = parse_head(text, &list->whole_s);
	for (text += strlen(text) + 1; rc == 0 && text < end - sizeof(END); text += strlen(text) + 1)
		rc = parse_item(text, &list->item[list->len++]);
	if (rc == 0 && (text + sizeof(END) != end || strcmp(text, END) != 0)) /* R1 */
		rc = -EBADMSG;
	return rc < 0 ? rc : find_ends(list);
}

int crl_public_parse(char *text, size_t len, struct crl_public_list *ret)
{
	int rc;

	*ret = (struct crl_public_list){.text = text};
	rc = parse(ret, len);
	if (rc < 0)
		crl_public_list_done(ret);
	return rc;
}

int crl_public_read(int fd, struct crl_public_list *ret)
{
	scoped_free char *text = NULL;
	struct stat st;
	size_t len = 0;

	*ret = (struct crl_public_list){0};
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || (uint64_t)st.st_size > TEXT_MAX)
		return -EBADMSG;
	text = malloc((size_t)st.st_size);
	if (!text)
		return -ENOMEM;
	while (len < (size_t)st.st_size) {
		ssize_t n = pread(fd, text + len, (size_t)st.st_size - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		len += (size_t)n;
	}
	return crl_public_parse(take_ptr(text), len, ret);
}

int crl_public_closed(const struct crl_public_list *list, int *ret_fd)
{
	__attribute__((cleanup(crl_public_text_done))) struct crl_public_text t = {0};
	scoped_fd fd = memfd_create("carrel-public", MFD_CLOEXEC);

	crl_public_begin(&t, list->whole_s);
	for (size_t i = 0; i < list->len; i++)
		if (list->item[i].kind != CRL_PUBLIC_OPEN && list->item[i].kind != CRL_PUBLIC_NAMED)
			crl_public_put(&t, &list->item[i]);
	crl_public_end(&t);
	if (fd < 0 || t.rc < 0)
		return fd < 0 ? -errno : t.rc;
	if (write(fd, t.buf, t.len) != (ssize_t)t.len)
		return -EIO;
	*ret_fd = take_fd(&fd);
	return 0;
}
