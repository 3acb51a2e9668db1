// SPDX-License-Identifier: Apache-2.0
/* The type of root.devices and root.devices_required; see types.h. */
#include "policy/devices.h"
#include "policy/keys/keys.h"

static int add_device(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	const char *fault = crl_devices_fault(text);

	return fault ? crl_key_refuse(at, item, "%s", fault) : crl_key_add_text(at, item, text);
}

static int set_devices(const struct crl_keys_at *at)
{
	return crl_key_set_texts(at, add_device);
}

static int put_devices(FILE *f, const struct crl_key *key, const void *field)
{
	(void)key;
	crl_put_texts(f, field);
	return 0;
}

const struct crl_key_type crl_type_devices = {
	.size = sizeof(struct crl_strv),
	.is_list = true,
	.set = set_devices,
	.put = put_devices,
	.exceeds = crl_texts_exceed,
};
