// SPDX-License-Identifier: Apache-2.0
/* The type of keys that are rules about the arguments of one call; see types.h. */
#include <errno.h>

#include "base/nearest.h"
#include "policy/filter/argnames.h"
#include "policy/keys/keys.h"

/* Does the one let a value that the other refuses? A list that is empty lets all. */
static bool args_exceed(const void *a, const void *b)
{
	const struct crl_strv *mine = a, *theirs = b;
	bool alone = mine->len > 0 && !crl_args_denies(mine->item[0]);

	if (theirs->len == 0)
		return false;
	if (!crl_args_denies(theirs->item[0])) /* what is not of theirs they refuse */
		return !alone || crl_texts_exceed(a, b);
	for (size_t i = 0; i < theirs->len; i++)
		if (alone ? crl_strv_has(mine, theirs->item[i] + 1) : !crl_strv_has(mine, theirs->item[i]))
			return true;
	return false;
}

/* Items with "!" take away from all, those without are all there is: both in one list would say nothing. */
static int add_args(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	enum crl_args_call call = (enum crl_args_call)at->key->min;
	const struct crl_strv *v = crl_key_field(at);
	struct crl_args_item read;
	struct crl_nearest nearest;
	char hint[CRL_NEAREST_HINT] = "";
	int rc;

	crl_nearest_begin(&nearest, text);
	rc = crl_args_parse(call, text, &read, &nearest);
	if (rc == -ENOENT)
		return crl_key_refuse(at, item, "a constant of %s(2), or a number%s", crl_args_call_name(call),
				      crl_nearest_hint(&nearest, hint, sizeof(hint)));
	if (rc < 0)
		return crl_key_refuse(at, item, "%s", crl_args_form(call));
	if (v->len > 0 && crl_args_denies(v->item[0]) != read.deny)
		return crl_key_refuse(at, item,
				      "items that all begin with \"!\", or none of them (another one is \"%s\")",
				      v->item[0]);
	return crl_key_add_text(at, item, text);
}

static int set_args(const struct crl_keys_at *at)
{
	return crl_key_set_texts(at, add_args);
}

static int put_args(FILE *f, const struct crl_key *key, const void *field)
{
	(void)key;
	crl_put_texts(f, field);
	return 0;
}

const struct crl_key_type crl_type_args = {
	.size = sizeof(struct crl_strv),
	.is_list = true,
	.set = set_args,
	.put = put_args,
	.exceeds = args_exceed,
};
