// SPDX-License-Identifier: Apache-2.0
/*
 * See devices.h.
 *
 * R1: no pattern brings in the host's memory, a disk, a terminal or another device by which the host is had.
 */
#include "policy/devices.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/err.h"
#include "base/path.h"

#define DEV "/dev/"
#define ANY UINT32_MAX

static const char wildcards[] = "*?[\\";

const char *crl_devices_fault(const char *text)
{
	static const char expected[] = "a path or pattern below /dev, such as \"/dev/nvidia*\" or \"/dev/dri/*\"";
	const char *fault = text ? crl_path_fault(text) : expected;
	char name[64];
	size_t len;

	if (fault)
		return fault;
	if (strncmp(text, DEV, strlen(DEV)) != 0)
		return expected;
	if (strchr(text, '\\'))
		return "a pattern without a backslash";
	text += strlen(DEV);
	if (strchr(wildcards, *text))
		return "a name that begins with at least one letter before a wildcard: not all of /dev";
	len = strcspn(text, "/");
	if (len >= sizeof(name))
		return expected;
	memcpy(name, text, len);
	name[len] = '\0';
	return crl_devices_is_own(name) ? "a device that not each room has of its own anyway" : NULL;
}

bool crl_devices_is_exact(const char *text)
{
	return !strpbrk(text, wildcards);
}

bool crl_devices_is_own(const char *name)
{
	static const char *const own[] = {"null",   "zero", "full", "random", "urandom", "tty",    "ptmx",   "pts",
					  "mqueue", "shm",  "log",  "fd",     "stdin",   "stdout", "stderr", "console"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(own); i++)
		if (strcmp(name, own[i]) == 0)
			return true;
	return false;
}

/* Character devices. Source: the kernel's admin-guide/devices.txt. */
static const struct {
	uint32_t major;
	uint32_t minor; /* ANY = each */
	const char *text;
} numbers[] = {
	{1, 1, "the host's memory"},
	{1, 2, "the kernel's memory"},
	{1, 4, "I/O ports of the host's"},
	{1, 11, "the kernel's log"},
	{1, 12, "the memory of a kernel that crashed"},
	{4, ANY, "a terminal of the host's"},
	{5, ANY, "a terminal of the host's"},
	{7, ANY, "what is on a console's screen"},
	{10, 130, "a watchdog, which restarts the host"},
	{10, 144, "the host's non-volatile memory"},
	{10, 223, "input in the name of the host's keyboards"},
	{10, 231, "the host's memory, as it is saved"},
	{10, 234, "file systems of the host's"},
	{10, 236, "volumes of the host's"},
	{10, 237, "loop devices of the host's"},
	{13, ANY, "keyboards and mice of the host's"},
	{21, ANY, "a disk, by its commands"},
	{162, ANY, "a disk, raw"},
	{202, ANY, "registers of the processors"},
	{204, ANY, "a terminal of the host's"},
	{229, ANY, "a terminal of the host's"},
};

/* Those whose numbers the kernel deals out as it starts. */
static const struct {
	const char *pattern;
	const char *text;
} names[] = {
	{"nvme[0-9]*", "a disk, by its commands"},
	{"ng[0-9]*", "a disk, by its commands"},
	{"bsg/*", "a disk, by its commands"},
	{"megaraid*", "disks, by their commands"},
	{"vfio/*", "hardware with the host's memory in reach"},
	{"uio[0-9]*", "hardware with the host's memory in reach"},
	{"mtd*", "flash memory of the host's"},
	{"tpm*", "the host's TPM"},
	{"watchdog[0-9]*", "a watchdog, which restarts the host"},
	{"hidraw[0-9]*", "keyboards and mice of the host's"},
	{"usbmon[0-9]*", "keyboards and mice of the host's"},
	{"uhid", "input in the name of the host's keyboards"},
	{"ipmi*", "the host's management controller"},
	{"mei[0-9]*", "the host's management controller"},
};

/* R1 */
const char *crl_devices_peril(mode_t mode, dev_t rdev, const char *path)
{
	const uint32_t n = major(rdev);

	if (S_ISBLK(mode))
		return "a disk or a part of one, past its file system";
	if (n >= 136 && n <= 143)
		return "somebody's terminal";
	for (size_t i = 0; i < CRL_ARRAY_LEN(numbers); i++)
		if (numbers[i].major == n && (numbers[i].minor == ANY || numbers[i].minor == minor(rdev)))
			return numbers[i].text;
	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++)
		if (fnmatch(names[i].pattern, path, 0) == 0)
			return names[i].text;
	return NULL;
}
