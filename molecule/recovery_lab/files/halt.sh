#!/bin/sh
# Stop what boot started, last first.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
find /etc/rc2.d -name 'S*' | sort -r | while read -r link; do
    case $link in
        *S??ssh) ;;
        *) [ -x "$link" ] && "$link" stop </dev/null ;;
    esac
done
sync
