// SPDX-License-Identifier: Apache-2.0
/* See owner.h. */
#include "store/owner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/lines.h"

static const char *const form_names[CRL_FORM_COUNT] = {
	[CRL_FORM_NONE] = "none",
	[CRL_FORM_PLAIN] = "plain",
	[CRL_FORM_PROJECT] = "project",
	[CRL_FORM_IMAGE] = "image",
};

const char *crl_form_name(enum crl_form form)
{
	return (unsigned int)form < CRL_FORM_COUNT ? form_names[form] : "unknown";
}

static bool take_form(const char **text, enum crl_form *ret)
{
	char word[16];

	if (!crl_line_take(text, "form", word, sizeof(word)))
		return false;
	for (int i = 0; i < CRL_FORM_COUNT; i++)
		if (strcmp(word, form_names[i]) == 0) {
			*ret = (enum crl_form)i;
			return true;
		}
	return false;
}

static bool is_id(const char *text)
{
	return strlen(text) == CRL_OWNER_ID_MAX - 1 && strspn(text, "0123456789abcdef") == CRL_OWNER_ID_MAX - 1;
}

int crl_owner_parse(const char *text, size_t len, struct crl_owner *ret)
{
	struct crl_owner o = {0};
	uint64_t version, uid, created, project;

	if (strlen(text) != len || !crl_line_take_number(&text, "owner", UINT32_MAX, &version) || version == 0)
		return -EBADMSG;
	if (version != 1)
		return -EPROTONOSUPPORT;
	if (!crl_line_take_number(&text, "uid", UINT32_MAX, &uid) ||
	    !crl_line_take(&text, "name", o.name, sizeof(o.name)) || !crl_line_take(&text, "id", o.id, sizeof(o.id)) ||
	    !crl_line_take_number(&text, "created", INT64_MAX, &created) || !take_form(&text, &o.form) ||
	    !crl_line_take_number(&text, "size", INT64_MAX, &o.size) ||
	    !crl_line_take_number(&text, "inodes", INT64_MAX, &o.inodes) ||
	    !crl_line_take_number(&text, "project", UINT32_MAX, &project) || strcmp(text, "end\n") != 0 || !is_id(o.id))
		return -EBADMSG;
	o.uid = (uint32_t)uid;
	o.created = (int64_t)created;
	o.project = (uint32_t)project;
	*ret = o;
	return 0;
}

int crl_owner_format(const struct crl_owner *o, char *buf, size_t size)
{
	struct crl_owner back;
	int n = snprintf(buf, size,
			 "owner=1\nuid=%" PRIu32 "\nname=%s\nid=%s\ncreated=%" PRId64 "\nform=%s\nsize=%" PRIu64
			 "\ninodes=%" PRIu64 "\nproject=%" PRIu32 "\nend\n",
			 o->uid, o->name, o->id, o->created, crl_form_name(o->form), o->size, o->inodes, o->project);

	if (n < 0 || (size_t)n >= size)
		return -EOVERFLOW;
	return crl_owner_parse(buf, (size_t)n, &back) < 0 || strcmp(back.name, o->name) != 0 ? -EINVAL : n;
}
