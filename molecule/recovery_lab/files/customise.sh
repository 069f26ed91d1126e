#!/bin/sh
# What every host of the lab has in common beyond its packages. $1 is the new root.
set -eu
root=$1

chmod 755 "$root/usr/local/bin/rclone"
chroot "$root" useradd --create-home --shell /bin/bash recovery
chroot "$root" useradd --create-home --shell /bin/bash storefront
chroot "$root" useradd --home-dir /var/lib/pgbackrest --no-create-home --shell /bin/bash pgbackrest
# A locked password ("!") refuses ssh keys when PAM is off; "*" only says that no password fits.
for user in root recovery storefront pgbackrest postgres; do
    chroot "$root" usermod -p '*' "$user"
done
chroot "$root" install -d -o pgbackrest -g pgbackrest -m 0750 /var/lib/pgbackrest
# On a repository host the user pgbackrest keeps the logs, on a database host the user postgres.
chroot "$root" install -d -o postgres -g postgres -m 0770 /var/log/pgbackrest
chroot "$root" usermod -a -G postgres pgbackrest
# As with PostgreSQL, no server is made beforehand: two hosts with the same data would be taken for one.
rm -rf "$root"/var/lib/mysql/*
chroot "$root" install -d -o mysql -g mysql -m 0750 /var/log/mysql
echo 'recovery ALL=(ALL:ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/recovery"
chmod 0440 "$root/etc/sudoers.d/recovery"

# Nothing starts by itself until somebody enables it: the lab's boot starts what rc2.d names.
for script in "$root"/etc/init.d/*; do
    rm -f "$root"/etc/rc?.d/[SK]??"${script##*/}"
done
# These two would start only where a name server runs on the same host.
sed -i '/^# Required-/s/ [$]named//' "$root/etc/init.d/haproxy" "$root/etc/init.d/pgbouncer"
# Ansible's sysvinit module enables with "defaults", which does nothing for a service once disabled.
mv "$root/usr/sbin/update-rc.d" "$root/usr/sbin/update-rc.d.debian"
cat > "$root/usr/sbin/update-rc.d" <<'SCRIPT'
#!/bin/sh
/usr/sbin/update-rc.d.debian "$@" || exit
[ "$2" != defaults ] || exec /usr/sbin/update-rc.d.debian "$1" enable
SCRIPT
chmod 755 "$root/usr/sbin/update-rc.d"

rm -f "$root"/etc/ssh/ssh_host_* "$root/usr/sbin/policy-rc.d" "$root/etc/hostname" "$root/etc/hosts" "$root/etc/resolv.conf"
rm -rf "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/* "$root"/etc/apt/apt.conf.d/99mmdebstrap
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/run/* "$root"/tmp/*
mkdir -p "$root/run/sshd" "$root/etc/recovery-tls"
