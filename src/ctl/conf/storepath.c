// SPDX-License-Identifier: Apache-2.0
/* Where this host keeps what outlives rooms; see storepath.h. */
#include "ctl/conf/storepath.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/conf/inforce.h"
#include "policy/file/load.h"

int ctl_store_path(const struct ctl *c, char **ret, struct crl_err *err)
{
	struct crl_config *config = NULL;
	int rc = ctl_load_config(c, &config, err);

	*ret = rc == 0 ? strdup(crl_config_store(config)) : NULL;
	crl_config_free(config);
	return rc == 0 && !*ret ? crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory") : rc;
}
