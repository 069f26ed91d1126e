#!/bin/sh
# What a host of the lab does after its first process has started. Written anew at every power-on.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# The directories below /run that packages ask for (there is no systemd-tmpfiles).
awk '$1 ~ /^[dD]/ && $2 ~ "^/run/" {print $2, $3, $4, $5}' /usr/lib/tmpfiles.d/*.conf /etc/tmpfiles.d/*.conf 2>/dev/null |
while read -r path mode user group; do
    install -d -m "$mode" -o "$user" -g "$group" "$path" 2>/dev/null
done
mkdir -p /run/lock /run/sshd
chmod 1777 /run/lock

(
    for link in /etc/rc2.d/S*; do
        case $link in
            *S??ssh) ;;
            *) [ -x "$link" ] && "$link" start </dev/null ;;
        esac
    done
    touch /run/recovery-booted
) &

# ssh is the one service that every host has; when it dies it comes back, the host does not go with it.
while :; do
    /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config_lab
    sleep 1
done
