// SPDX-License-Identifier: Apache-2.0
/*
 * The table of arguments of the PAM line.
 *
 * Runs in: the PAM application, as root.
 */
#include "pam_module/options.h"

#include <ctype.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/scope.h"
#include "door/exempt.h"
#include "wire/login.h"

#define TIMEOUT_DEFAULT_S 30
#define TIMEOUT_MAX_S 600

/* A setter gets the field and the text after '=' (NULL for a word); returns NULL or what is wrong. */
typedef const char *setter(void *field, const char *value);

static const char *set_flag(void *field, const char *value)
{
	(void)value;
	*(bool *)field = true;
	return NULL;
}

static const char *set_path(void *field, const char *value)
{
	if (value[0] != '/')
		return "is not an absolute path";
	if (strlen(value) >= PATH_MAX)
		return "is too long";
	*(const char **)field = value;
	return NULL;
}

static const char *set_group(void *field, const char *value)
{
	const char *fault = crl_exempt_group_fault(value);

	if (!fault)
		*(const char **)field = value;
	return fault;
}

static const char *set_timeout(void *field, const char *value)
{
	int n = 0;

	if (!value[0])
		return "is not a number of seconds from 1 to 600";
	for (; *value; value++) {
		if (!isdigit((unsigned char)*value))
			return "is not a number of seconds from 1 to 600";
		n = n * 10 + (*value - '0');
		if (n > TIMEOUT_MAX_S)
			return "is more than 600 seconds";
	}
	if (n < 1)
		return "is less than one second";
	*(int *)field = n;
	return NULL;
}

static const struct argument {
	const char *name;
	size_t offset;
	setter *set;
	bool has_value;
} arguments[] = {
	{"open", offsetof(struct options, open), set_flag, false},
	{"close", offsetof(struct options, close), set_flag, false},
	{"debug", offsetof(struct options, debug), set_flag, false},
	{"config", offsetof(struct options, config), set_path, true},
	{"helper", offsetof(struct options, helper), set_path, true},
	{"state", offsetof(struct options, state), set_path, true},
	{"break_glass", offsetof(struct options, break_glass), set_group, true},
	{"timeout", offsetof(struct options, timeout_s), set_timeout, true},
};

static const char *set_one(struct options *o, const char *arg)
{
	size_t len = strcspn(arg, "=");

	for (size_t i = 0; i < CRL_ARRAY_LEN(arguments); i++) {
		const struct argument *a = &arguments[i];

		if (strlen(a->name) != len || strncmp(a->name, arg, len) != 0)
			continue;
		if (a->has_value != (arg[len] == '='))
			return a->has_value ? "needs a value" : "takes no value";
		return a->set((char *)o + a->offset, a->has_value ? arg + len + 1 : NULL);
	}
	return "is unknown";
}

int options_parse(int argc, const char *const *argv, struct options *ret, struct crl_err *err)
{
	struct options o = {
		.config = CRL_CONFIG_PATH,
		.helper = CRL_HELPER_PATH,
		.state = CRL_STATE_DIR,
		.break_glass = CRL_BREAK_GLASS,
		.timeout_s = TIMEOUT_DEFAULT_S,
	};
	int rc = 0;

	for (int i = 0; i < argc; i++) {
		const char *wrong = set_one(&o, argv[i]);

		if (wrong && rc == 0)
			rc = crl_err_set(err, EINVAL, CRL_STAGE_ARGS, "argument \"%s\" of the PAM line %s", argv[i],
					 wrong);
	}
	if (!o.open && !o.close)
		o.open = o.close = true;
	*ret = o;
	return rc;
}
