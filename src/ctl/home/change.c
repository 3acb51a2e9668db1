// SPDX-License-Identifier: Apache-2.0
/* A change as it is told; see change.h. R1: a record is taken only when each of its numbers is one that there is. */
#include "ctl/home/change.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "ctl/command.h"
#include "ctl/home/worker.h"
#include "ctl/print/out.h"
#include "ctl/print/units.h"

#define WHAT_ALL (CRL_DIFF_CONTENT | CRL_DIFF_MODE | CRL_DIFF_OWNER | CRL_DIFF_XATTR | CRL_DIFF_TIME)

struct change_head {
	uint32_t kind;
	uint32_t what;
	uint32_t mode;
	uint32_t mode_before;
	uint64_t size;
	uint64_t size_before;
	int32_t error;
	uint32_t path_len;
	uint32_t has_from; /* behind the path and a NUL */
};

static const struct {
	const char *name;
	char letter;
	bool goes; /* what is counted is what was there */
} kinds[CRL_DIFF_KIND_COUNT] = {
	[CRL_DIFF_ADDED] = {"added", 'A', false},     [CRL_DIFF_CHANGED] = {"changed", 'M', false},
	[CRL_DIFF_DELETED] = {"deleted", 'D', true},  [CRL_DIFF_TYPE] = {"replaced", 'T', false},
	[CRL_DIFF_RENAMED] = {"renamed", 'R', false}, [CRL_DIFF_UNREADABLE] = {"unreadable", '?', false},
};

static bool is_there(const struct crl_view_entry *e)
{
	return e && (e->kind == CRL_VIEW_FILE || e->kind == CRL_VIEW_DIR);
}

static uint64_t size_of(const struct crl_view_entry *e)
{
	return is_there(e) && S_ISREG(e->st.st_mode) ? (uint64_t)e->st.st_size : 0;
}

int ctl_change_send(struct ctl_worker *w, uint32_t record, const struct crl_diff_change *change)
{
	const size_t path_len = strlen(change->path), from_len = change->from ? 1 + strlen(change->from) : 0;
	scoped_free char *text = malloc(path_len + from_len + 1);
	struct change_head h = {
		.kind = change->kind,
		.what = change->what,
		.mode = is_there(change->now) ? change->now->st.st_mode : 0,
		.mode_before = is_there(change->before) ? change->before->st.st_mode : 0,
		.size = size_of(change->now),
		.size_before = size_of(change->before),
		.error = change->kind == CRL_DIFF_UNREADABLE ? change->error : 0,
		.path_len = (uint32_t)path_len,
		.has_from = change->from != NULL,
	};

	if (!text)
		return -ENOMEM;
	memcpy(text, change->path, path_len + 1);
	if (change->from)
		memcpy(text + path_len + 1, change->from, from_len);
	return ctl_worker_send(w, record, (struct iovec[]){{&h, sizeof(h)}, {text, path_len + from_len}}, 2);
}

int ctl_change_take(const char *data, size_t len, struct ctl_change *ret)
{
	const char *text = data + sizeof(struct change_head);
	struct change_head h;

	if (len <= sizeof(h))
		return -EBADMSG;
	memcpy(&h, data, sizeof(h));
	len -= sizeof(h);
	/* R1 */
	if (h.kind >= CRL_DIFF_KIND_COUNT || h.what & ~(unsigned int)WHAT_ALL || h.has_from > 1 || h.error > 0 ||
	    h.error < -4095 || h.path_len == 0 || h.path_len > len || strnlen(text, len) != h.path_len ||
	    (!h.has_from && h.path_len != len))
		return -EBADMSG;
	if (h.has_from && (h.path_len + 2 > len || strnlen(text + h.path_len + 1, len) != len - h.path_len - 1))
		return -EBADMSG;
	*ret = (struct ctl_change){
		.kind = (enum crl_diff_kind)h.kind,
		.what = h.what,
		.mode = h.mode,
		.mode_before = h.mode_before,
		.size = h.size,
		.size_before = h.size_before,
		.error = h.error,
		.path = text,
		.from = h.has_from ? text + h.path_len + 1 : NULL,
	};
	return 0;
}

void ctl_change_add(struct ctl_change_sum *sum, const struct ctl_change *change)
{
	sum->count[change->kind]++;
	sum->bytes[change->kind] += kinds[change->kind].goes ? change->size_before : change->size;
}

static const char *type_name(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFCHR:
	case S_IFBLK:
		return "device";
	default:
		return "";
	}
}

/* "content, mode" */
static const char *what_text(unsigned int what, char buf[64])
{
	static const struct {
		unsigned int bit;
		const char *name;
	} bits[] = {{CRL_DIFF_CONTENT, "content"},
		    {CRL_DIFF_MODE, "mode"},
		    {CRL_DIFF_OWNER, "owner"},
		    {CRL_DIFF_XATTR, "attributes"},
		    {CRL_DIFF_TIME, "time"}};
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < CRL_ARRAY_LEN(bits); i++)
		if (what & bits[i].bit)
			n += (size_t)snprintf(buf + n, 64 - n, "%s%s", n > 0 ? ", " : "", bits[i].name);
	return buf;
}

static void print_json(const struct ctl_change *change, bool first)
{
	static const struct ctl_column column[] = {
		{"CHANGE", false},      {"PATH", false}, {"FROM", false},       {"TYPE", false},
		{"TYPE BEFORE", false}, {"SIZE", true},  {"SIZE BEFORE", true}, {"WHAT", false},
	};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	char what[64];

	ctl_cell(&t, "%s", kinds[change->kind].name);
	ctl_cell(&t, "%s", change->path);
	if (change->from)
		ctl_cell(&t, "%s", change->from);
	else
		ctl_no_cell(&t);
	ctl_cell(&t, "%s", type_name(change->mode));
	ctl_cell(&t, "%s", type_name(change->mode_before));
	ctl_cell_number(&t, change->size);
	ctl_cell_number(&t, change->size_before);
	ctl_cell(&t, "%s", what_text(change->what, what));
	ctl_json_row(&t, first);
	ctl_table_done(&t);
}

static void print_path(const char *path, uint32_t mode)
{
	const size_t size = CRL_VISIBLE_MAX(strlen(path) + 1);
	scoped_free char *shown = malloc(size);

	if (!shown)
		abort();
	(void)printf("%s%s", crl_visible_line(shown, size, path), S_ISDIR(mode) ? "/" : "");
}

void ctl_change_print(const struct ctl *c, const struct ctl_change *change, bool first)
{
	const uint32_t mode = change->mode ? change->mode : change->mode_before;
	char size[CTL_UNIT_TEXT] = "", what[64];

	if (c->json) {
		print_json(change, first);
		return;
	}
	if (S_ISREG(mode))
		(void)ctl_text_size(kinds[change->kind].goes ? change->size_before : change->size, size);
	(void)printf("%c %6s  ", kinds[change->kind].letter, size);
	if (change->from) {
		print_path(change->from, mode);
		(void)printf(" -> ");
	}
	print_path(change->path, mode);
	if (change->kind == CRL_DIFF_UNREADABLE)
		(void)printf(" (%s)", strerrordesc_np(-change->error));
	else if (change->kind == CRL_DIFF_TYPE)
		(void)printf(" (%s, was %s)", type_name(change->mode), type_name(change->mode_before));
	else if (change->kind == CRL_DIFF_CHANGED && !(change->what & CRL_DIFF_CONTENT))
		(void)printf(" (%s)", what_text(change->what, what));
	(void)putchar('\n');
}

void ctl_change_print_sum(const struct ctl_change_sum *sum)
{
	char size[CTL_UNIT_TEXT];
	bool any = false;

	for (size_t i = 0; i < CRL_DIFF_KIND_COUNT; i++) {
		if (sum->count[i] == 0)
			continue;
		(void)printf("%s%" PRIu64 " %s", any ? ", " : "", sum->count[i], kinds[i].name);
		if (sum->bytes[i] > 0)
			(void)printf(" (%s)", ctl_text_size(sum->bytes[i], size));
		any = true;
	}
	if (any)
		(void)putchar('\n');
}
