// SPDX-License-Identifier: Apache-2.0
/* See profile.h. */
#include "policy/file/profile.h"

#include <errno.h>
#include <stdio.h>

#include "base/scope.h"
#include "policy/file/load.h"
#include "policy/places.h"
#include "wire/proto.h"

static const char *const places[] = {CRL_PROFILES_DIR, CRL_DATA_DIR "/profiles"};

/* The first place that has it. Who may not look into the first finds what is in the second. */
static int load(const char *name, struct crl_config **ret, struct crl_err *err)
{
	char path[CRL_PROFILE_PATH_MAX];

	for (size_t i = 0; i < CRL_ARRAY_LEN(places); i++) {
		int rc;

		(void)snprintf(path, sizeof(path), "%s/%s.conf", places[i], name);
		rc = crl_config_load(path, ret, err);
		if (rc != -ENOENT && rc != -EACCES)
			return rc;
	}
	return crl_err_set(err, ENOENT, CRL_STAGE_CONFIG, "there is no profile %s in %s, nor in %s", name, places[0],
			   places[1]);
}

int crl_profile_load(const char *name, struct crl_policy *ret, char ret_groups[CRL_PROFILE_PATH_MAX],
		     struct crl_err *err)
{
	struct crl_config *config = NULL;
	int rc = load(name, &config, err);

	*ret = (struct crl_policy){0};
	if (rc < 0)
		return rc;
	rc = crl_config_policy(config, name, ret, err);
	if (rc == 0 && !ret->seccomp.base[0])
		rc = crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "profile %s has no filter: seccomp.base is \"\"", name);
	if (rc == 0 && snprintf(ret_groups, CRL_PROFILE_PATH_MAX, "%s/syscalls.conf", crl_config_data_dir(config)) >=
			       CRL_PROFILE_PATH_MAX)
		rc = crl_err_set(err, ENAMETOOLONG, CRL_STAGE_CONFIG, "profile %s: data_dir is too long", name);
	crl_config_free(config);
	return rc;
}
