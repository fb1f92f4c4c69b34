# shellcheck shell=bash
# What the lab needs on the machine: Debian packages, and a guest (kernel and initramfs).

LAB_PACKAGES=(
    libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils
    swtpm swtpm-tools glusterfs-server glusterfs-client openssh-server openssh-client openssl
    ovmf iproute2 busybox-static cpio python3 util-linux systemd-container
    openvswitch-switch uuid-runtime tgt nfs-ganesha nfs-ganesha-vfs rpcbind libiscsi7 libnfs13
    shellcheck python3-flake8
)
# QEMU before this loses writes of emulated guests while it migrates them (README, "What was found").
EMULATOR_NEEDED=9.0
EMULATOR_PACKAGES=(qemu-system-x86 qemu-system-data qemu-system-common seabios qemu-block-extra)
# These come as modules in Debian's cloud kernel; the order is the order of loading.
GUEST_MODULES=(
    virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci
    virtio_blk virtio_balloon button evdev
)

command_install() {
    mkdir -p "$LAB_CACHE" "$LAB_DISKS"
    install_packages
    # Mount points for the private binds; the namespaces need them to exist underneath.
    mkdir -p /etc/libvirt /etc/pki/qemu /var/{lib,log,cache}/libvirt /var/lib/glusterd /var/log/glusterfs
    [[ -d /root/.ssh ]] || mkdir -m 700 /root/.ssh
    install_kernel
    install_initramfs
    install_emulator
}

install_packages() {
    local missing=() package
    # One dpkg-query for all: it prints nothing for a package that was never known.
    local present
    present=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${LAB_PACKAGES[@]}" \
        2>/dev/null || true)
    for package in "${LAB_PACKAGES[@]}"; do
        [[ $'\n'$present$'\n' == *$'\n'"$package installed"$'\n'* ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "lab: installing ${missing[*]}"
    without_service_starts apt_install "${missing[@]}"
    keep_services_off "${missing[@]}"
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends "$@" >"$LAB_CACHE/apt.log" 2>&1 && return
    # The usual reason on a fresh machine is a package list that is missing or old.
    apt-get update >>"$LAB_CACHE/apt.log" 2>&1
    apt-get install -y --no-install-recommends "$@" >>"$LAB_CACHE/apt.log" 2>&1 || {
        tail -n 20 "$LAB_CACHE/apt.log" >&2
        return 1
    }
}

# A machine's own policy is put back afterwards, whatever happened. 101 means "not allowed".
without_service_starts() {
    local policy=/usr/sbin/policy-rc.d saved='' status=0
    if [[ -e $policy ]]; then
        saved=$(mktemp /usr/sbin/policy-rc.d.lab.XXXXXX)
        cp -p "$policy" "$saved"
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    "$@" || status=$?
    if [[ -n $saved ]]; then mv "$saved" "$policy"; else rm -f "$policy"; fi
    return "$status"
}

# Packages also enable their services for the next boot; only those installed just now are
# undone, so that a machine's own ssh server stays as it was.
keep_services_off() {
    local package unit
    for package in "$@"; do
        while IFS= read -r unit; do
            unit=${unit##*/}
            [[ $unit == *@* ]] && continue
            systemctl disable "$unit" >/dev/null 2>&1 || true
        done < <(dpkg -L "$package" | grep -E '/systemd/system/[^/]+\.(service|socket)$' || true)
    done
}

# A QEMU from Debian's backports, unpacked for the lab's namespaces alone; the machine keeps its own.
# Without it (no network) the lab works, but a guest in a hundred dies of its migration.
install_emulator() {
    [[ -e $EMULATOR/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so ]] && return
    local installed folder codename
    installed=$(dpkg-query -W -f '${Version}' qemu-system-x86)
    dpkg --compare-versions "${installed#*:}" lt "$EMULATOR_NEEDED" || return 0
    codename=$(. /etc/os-release && say "$VERSION_CODENAME")
    folder=$(mktemp -d "$LAB_CACHE/emulator.XXXXXX")
    say "lab: unpacking QEMU from $codename-backports for the guests"
    if download_backports "$folder" "$codename" >"$folder/apt.log" 2>&1 &&
        "$folder/unpacked/usr/bin/qemu-system-x86_64" --version >>"$folder/apt.log" 2>&1; then
        # One of an older lab, without these drivers, may still be bound by a lab that stands.
        [[ ! -e $EMULATOR ]] || mv "$EMULATOR" "$folder/old"
        mv "$folder/unpacked" "$EMULATOR"
    else
        tail -n 3 "$folder/apt.log" >&2
        say "lab: staying with QEMU $installed: a migrated guest may die now and then" >&2
    fi
    rm -rf "$folder"
}

# With lists of its own, so that the machine's apt does not learn of backports.
download_backports() (
    folder=$1 codename=$2
    options=(
        -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o Dir::State::lists="$folder/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    )
    mkdir -p "$folder/lists/partial"
    say "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
        "http://deb.debian.org/debian $codename-backports main" >"$folder/sources.list"
    cd "$folder" || exit
    apt-get "${options[@]}" update || exit
    for package in "${EMULATOR_PACKAGES[@]}"; do
        apt-get "${options[@]}" download "$package/$codename-backports" || exit
    done
    for package in ./*.deb; do dpkg-deb -x "$package" unpacked || exit; done
)

# The newest cloud kernel that apt offers, unpacked and not installed.
install_kernel() {
    [[ -s $KERNEL && -d $LAB_CACHE/modules ]] && return
    local folder package
    folder=$(mktemp -d "$LAB_CACHE/kernel.XXXXXX")
    package=$(cloud_kernel_package)
    if [[ -z $package ]]; then
        apt-get update >/dev/null
        package=$(cloud_kernel_package)
    fi
    [[ -n $package ]] || die "apt knows no linux-image-cloud-amd64"
    say "lab: unpacking $package for the guests"
    (cd "$folder" && apt-get download "$package" >apt.log 2>&1 &&
        dpkg-deb -x ./*.deb unpacked) || {
        cat "$folder/apt.log" >&2
        die "cannot fetch $package: maybe run apt-get update"
    }
    rm -rf "$LAB_CACHE/modules"
    mkdir "$LAB_CACHE/modules"
    local module
    for module in "${GUEST_MODULES[@]}"; do
        # A module may be built in on another kernel version; the guest then has it anyway.
        find "$folder/unpacked/lib/modules" -name "$module.ko" \
            -exec cp {} "$LAB_CACHE/modules/" \;
    done
    mv "$folder"/unpacked/boot/vmlinuz-* "$KERNEL"
    rm -rf "$folder" "$INITRAMFS"
}

cloud_kernel_package() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }'
}

install_initramfs() {
    local init=$LAB_FOLDER/guest/init digest
    digest=$(sha256sum "$init" "$LAB_FOLDER/lib/install.sh" | cut -d ' ' -f 1 | tr -d '\n')
    [[ -s $INITRAMFS && $(cat "$INITRAMFS.digest" 2>/dev/null) == "$digest" ]] && return
    local tree
    tree=$(mktemp -d "$LAB_CACHE/initramfs.XXXXXX")
    mkdir -p "$tree"/{bin,dev,proc,sys,work,modules}
    chmod 755 "$tree"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    cp "$init" "$tree/init"
    chmod 755 "$tree/init"
    printf '%s\n' "${GUEST_MODULES[@]}" >"$tree/modules/order"
    cp "$LAB_CACHE"/modules/*.ko "$tree/modules/"
    # A temporary name first: a lab that is starting a guest must never see half an archive.
    (cd "$tree" && find . | cpio -o -H newc --quiet) >"$INITRAMFS.new"
    mv "$INITRAMFS.new" "$INITRAMFS"
    say "$digest" >"$INITRAMFS.digest"
    rm -rf "$tree"
}
