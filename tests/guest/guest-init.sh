#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# /init of the guest's initramfs: loads what the disk and the network need, unpacks the second disk (a tar of this run:
# keys, carrel, tests) over the system, and hands over. "carrel.plain" on the command line: no systemd.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
version=$($b uname -r)
while read -r module; do
	$b insmod "/lib/modules/$version/$module"
done </lib/modules/order
tries=0
until [ -b /dev/vda ] && [ -b /dev/vdb ] && [ -d /sys/class/net/eth0 ] || [ $tries -ge 100 ]; do
	tries=$((tries + 1))
	$b usleep 50000
done
$b mount -t ext4 -o rw /dev/vda /new || exec $b poweroff -f
$b tar -x -f /dev/vdb -C /new || echo "guest: the second disk holds no tar"
$b ifconfig lo 127.0.0.1 up
$b ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
init=/sbin/init
$b grep -q carrel.plain /proc/cmdline && init=/etc/guest/plain-init
$b umount /proc /sys
$b mount --move /dev /new/dev
exec $b switch_root /new $init
