#!/bin/sh
# Installs what `drawings` is built from, and fonts of many scripts and hands (Debian): the more
# fonts are installed, the more the drawings differ.
set -eu

exec sh "$(dirname "$0")/../packages.sh" libcairo2-dev libpango1.0-dev \
    libturbojpeg0-dev \
    fonts-dejavu fonts-liberation fonts-noto-core fonts-noto-cjk fonts-freefont-ttf fonts-lmodern \
    fonts-roboto-unhinted fonts-lato fonts-open-sans fonts-cantarell fonts-quicksand \
    fonts-crosextra-carlito fonts-crosextra-caladea fonts-linuxlibertine fonts-ebgaramond \
    fonts-oldstandard fonts-essays1743 fonts-vollkorn fonts-sil-gentium fonts-hosny-amiri \
    fonts-inconsolata fonts-hack fonts-firacode fonts-jetbrains-mono fonts-courier-prime \
    fonts-dkg-handwriting fonts-humor-sans fonts-comic-neue fonts-breip fonts-rufscript fonts-kristi \
    fonts-dancingscript fonts-tomsontalks fonts-ecolier-court fonts-lobster fonts-bebas-neue \
    fonts-isabella fonts-symbola fonts-noto-color-emoji "$@"
