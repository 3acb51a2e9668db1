// SPDX-License-Identifier: Apache-2.0
/* See places.h. */
#include "policy/places.h"

#include <string.h>

#include "base/err.h"
#include "base/path.h"
#include "wire/errand.h"

const struct crl_own_place crl_own_places[CRL_OWN_COUNT] = {
	[CRL_OWN_PROC] = {"/proc", CRL_OWN_BINDS_NOTHING}, [CRL_OWN_SYS] = {"/sys", CRL_OWN_BINDS_NOTHING},
	[CRL_OWN_DEV] = {"/dev", CRL_OWN_BINDS_BENEATH},   [CRL_OWN_RUN] = {"/run", CRL_OWN_BINDS_BENEATH},
	[CRL_OWN_TMP] = {"/tmp", CRL_OWN_BINDS_ALL},       [CRL_OWN_VAR_TMP] = {"/var/tmp", CRL_OWN_BINDS_ALL},
	[CRL_OWN_LOG] = {"/var/log", CRL_OWN_BINDS_ALL},
};

static const char *const own_in_run[] = {
	"/run/utmp",   "/run/user", "/run/carrel",      "/run/carrel-room", "/run/lock",
	"/run/screen", "/run/shm",  "/run/carrel-nest", CRL_ERRAND_PLACE,
};

static const char *const anybodys[] = {
	"/home", "/tmp", "/var/tmp", "/dev/shm", "/run/user", "/run/lock", "/run/screen",
};

const struct crl_own_place *crl_own_place_of(const char *path)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(crl_own_places); i++)
		if (crl_path_is_within(path, crl_own_places[i].path))
			return &crl_own_places[i];
	return NULL;
}

bool crl_own_may_bind(const char *path)
{
	const struct crl_own_place *place = crl_own_place_of(path);

	if (!place || place->binds == CRL_OWN_BINDS_ALL)
		return true;
	return place->binds == CRL_OWN_BINDS_BENEATH && strcmp(path, place->path) != 0;
}

static bool is_within_any(const char *path, const char *const *dir, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (crl_path_is_within(path, dir[i]))
			return true;
	return false;
}

/* What processes of root's run and load; nobody has homes there; and what stands there is for everybody. */
static const char *const systems[] = {
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot", "/root", "/home", "/var", "/efi",
};

/* Where that is not so, all the same. */
static const char *const not_systems[] = {"/usr/local", "/usr/src", "/var/www", "/var/opt"};

const struct crl_own_steering crl_own_steering[] = {
	/* who is who. libnss_systemd takes users and memberships from files of its own in userdb */
	{"/etc/passwd", false},
	{"/etc/group", false},
	{"/etc/shadow", false},
	{"/etc/gshadow", false},
	{"/etc/subuid", false},
	{"/etc/subgid", false},
	{"/etc/netgroup", false},
	{"/etc/nsswitch.conf", false},
	{"/etc/authselect", true}, /* what the one before and pam.d lead to, elsewhere than on Debian */
	{"/etc/userdb", true},
	{"/usr/local/lib/userdb", true},
	{"/etc/sssd", true},
	{"/etc/ldap", true},
	{"/etc/ldap.conf", false},
	{"/etc/openldap", true},
	{"/etc/machine-id", false},
	/* what is loaded */
	{"/etc/ld.so.preload", false},
	{"/etc/ld.so.cache", false},
	{"/etc/ld.so.conf", false},
	{"/etc/ld.so.conf.d", true},
	{"/etc/ld-nix.so.preload", false},
	{"/etc/ld-musl-x86_64.path", false},
	{"/etc/ld-musl-aarch64.path", false},
	{"/etc/suid-debug", false},
	{"/etc/ssl", true}, /* its openssl.cnf names modules, and so do those of pki and pkcs11 */
	{"/etc/pki", true},
	{"/etc/pkcs11", true},
	{"/etc/sasl2", true},
	{"/etc/gss", true},
	{"/etc/krb5.conf", false},
	{"/etc/krb5.conf.d", true},
	{"/etc/crypto-policies", true},
	{"/etc/gnutls", true},
	{"/etc/gcrypt", true},
	{"/etc/selinux", true},
	{"/etc/apparmor.d", true},
	/* who may what, and with which settings */
	{"/etc/pam.d", true},
	{"/etc/pam.conf", false},
	{"/etc/security", true},
	{"/etc/environment", false},
	{"/etc/default", true},
	{"/etc/login.defs", false},
	{"/etc/libaudit.conf", false},
	{"/etc/securetty", false},
	{"/etc/shells", false},
	{"/etc/ssh", true},
	{"/etc/sudoers", false},
	{"/etc/sudoers.d", true},
	{"/etc/sudo.conf", false},
	{"/etc/doas.conf", false},
	{"/etc/polkit-1", true},
	{"/etc/systemd", true},
	{"/etc/carrel", true},
	/* what runs when */
	{"/etc/crontab", false},
	{"/etc/anacrontab", false},
	{"/etc/cron.d", true},
	{"/etc/cron.allow", false},
	{"/etc/cron.deny", false},
	{"/etc/at.allow", false},
	{"/etc/at.deny", false},
	{"/etc/alternatives", true}, /* cron looks for sendmail */
	/* where and when we are */
	{"/etc/hosts", false},
	{"/etc/hosts.allow", false},
	{"/etc/hosts.deny", false},
	{"/etc/hostname", false},
	{"/etc/host.conf", false},
	{"/etc/gai.conf", false},
	{"/etc/resolv.conf", false},
	{"/etc/localtime", false},
	{"/etc/locale.alias", false},
	{NULL, false},
};

static bool is_steering(const char *path)
{
	for (const struct crl_own_steering *s = crl_own_steering; s->path; s++)
		if (crl_path_is_within(path, s->path))
			return true;
	return false;
}

bool crl_own_may_be_users(const char *path)
{
	if (crl_own_place_of(path) || is_steering(path))
		return false;
	return !is_within_any(path, systems, CRL_ARRAY_LEN(systems)) ||
	       is_within_any(path, not_systems, CRL_ARRAY_LEN(not_systems));
}

bool crl_own_in_run(const char *path)
{
	return is_within_any(path, own_in_run, CRL_ARRAY_LEN(own_in_run));
}

bool crl_own_is_anybodys(const char *path)
{
	return is_within_any(path, anybodys, CRL_ARRAY_LEN(anybodys));
}
