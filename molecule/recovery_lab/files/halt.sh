#!/bin/sh
# Stop what boot started, last first.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
for link in $(ls -r /etc/rc2.d/S* 2>/dev/null); do
    case $link in
        *S??ssh) ;;
        *) [ -x "$link" ] && "$link" stop </dev/null ;;
    esac
done
sync
