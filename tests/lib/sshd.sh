# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0

# The option that gives sshd another PAM service, where that is not the name of its program (OpenSSH 9.8 and newer).
sshd_service() { # SERVICE HOSTKEY
	! /usr/sbin/sshd -T -f /dev/null -h "$2" | grep -q '^pamservicename ' || echo "-oPAMServiceName=$1"
}
