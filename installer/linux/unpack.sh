#!/bin/sh
# Driftpaint @VERSION@ in one file: unpacks itself for this user at the first start, and starts. `--remove` undoes it.
set -eu
data="${XDG_DATA_HOME:-$HOME/.local/share}"
all="$data/driftpaint-program"
sum=@SUM@
home="$all/@VERSION@-$(printf %.12s "$sum")"

if [ "${1-}" = --remove ]; then
    rm -rf "$all" "$data/applications/driftpaint.desktop"
    rm -f "$data"/icons/hicolor/*/apps/driftpaint.png "$HOME/.local/bin/driftpaint"
    echo "Driftpaint is removed. Your settings, and what a crash may have left, are kept."
    exit 0
fi

if [ ! -d "$home" ]; then
    command -v xz >/dev/null || { echo "Install xz (xz-utils), which unpacks Driftpaint, and start again." >&2; exit 1; }
    echo "Driftpaint unpacks itself, once, into $home" >&2
    [ "$(tail -n +@LINES@ "$0" | sha256sum | cut -d ' ' -f 1)" = "$sum" ] || {
        echo "$0 is damaged or cut short. Fetch it again." >&2
        exit 1
    }
    mkdir -p "$all"
    new=$(mktemp -d "$all/new.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    trap 'exit 1' HUP INT TERM
    tail -n +@LINES@ "$0" | xz -dc | tar -x -C "$new" || {
        echo "Driftpaint could not unpack itself. It needs 800 MB of free space in $all" >&2
        exit 1
    }
    chmod 755 "$new"
    mv -T "$new" "$home"
    trap - EXIT
    for old in "$all"/[0-9]*; do  # other versions, but for one that runs just now
        # shellcheck disable=SC2010  # it is the targets of links that are looked at
        [ "$old" = "$home" ] || ls -l /proc/[0-9]*/exe 2>/dev/null | grep -q "$old/" || rm -rf "$old"
    done
    mkdir -p "$HOME/.local/bin" "$data/applications" "$data/icons"
    ln -sf "$home/usr/bin/driftpaint" "$HOME/.local/bin/driftpaint"
    sed "s|^Exec=driftpaint|Exec=\"$home/usr/bin/driftpaint\"|" \
        "$home/usr/share/applications/driftpaint.desktop" >"$data/applications/driftpaint.desktop"
    cp -r "$home/usr/share/icons/hicolor" "$data/icons/"
fi
exec "$home/usr/bin/driftpaint" "$@"
