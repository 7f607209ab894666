"""How packages are called by conda and by the package index, and which of conda's are no Python packages."""

from __future__ import annotations

import re

__all__ = ["PACKAGES_OF_R", "index_name", "why_left_out"]

PACKAGES_OF_R = "packages of R"

# Names as conda writes them, normalised: lower case, hyphens.
_INDEX_NAMES = {
    "brotli-python": "brotli",
    "dask-core": "dask",
    "faiss": "faiss-cpu",
    "lightgbm-cpu": "lightgbm",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "numpy-base": "numpy",
    "opencv": "opencv-python",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pyg": "torch-geometric",
    "pyqt": "pyqt5",
    "pytables": "tables",
    "python-annoy": "annoy",
    "python-blosc": "blosc",
    "python-confluent-kafka": "confluent-kafka",
    "python-fastjsonschema": "fastjsonschema",
    "python-flatbuffers": "flatbuffers",
    "python-graphviz": "graphviz",
    "python-kaleido": "kaleido",
    "python-lmdb": "lmdb",
    "python-zstd": "zstd",
    "pytorch": "torch",
    "pytorch-cluster": "torch-cluster",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "pytorch-scatter": "torch-scatter",
    "pytorch-sparse": "torch-sparse",
    "qt-py": "qt.py",
    "ruamel-yaml": "ruamel.yaml",
    "tensorflow-base": "tensorflow",
    "tensorflow-eigen": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "torchaudio-cpu": "torchaudio",
    "torchvision-cpu": "torchvision",
    "xgboost-cpu": "xgboost",
}

_NO_PYTHON = "no Python packages; wheels carry the libraries that they need"
_LIBRARY_NAMES = """
    alsa-lib aom arpack arrow-cpp attr binutils blas blosc boost boost-cpp bzip2 c-ares c-blosc2 ca-certificates cairo
    cctools cfitsio charls clang clangxx compiler-rt compilers cpp-expected cuda cudatoolkit cudnn curl cyrus-sasl dav1d
    dbus double-conversion eigen epoxy expat ffmpeg fftw fmt font-ttf-dejavu-sans-mono fontconfig freeglut freetype
    freexl fribidi gcc geos gettext gflags gfortran giflib git glew glib glib-tools glog glpk gmp gnutls graphite2
    graphviz grpc-cpp gsl gst-plugins-base gstreamer gtest gtk2 gtk3 gxx harfbuzz hdf4 hdf5 hwloc icc-rt icu
    intel-openmp intel-openblas isa-l jansson jasper jemalloc jpeg json-c jxrlib kealib kernel-headers keyutils krb5
    lame lcms2 ld64 ldap lerc leveldb llvm-openmp llvm-tools lz4-c lzo magma make metis minizip mkl mkl-devel mkl-fft
    mkl-include mkl-random mkl-service mpc mpfr mpg123 mpi mpich msys2-conda-epoch mysql mysql-common mysql-libs nccl
    ncurses nettle ninja-base nlohmann-json nodejs nomkl nspr nss nvtx omniscidb-client openblas openblas-devel openh264
    openjdk openjpeg openldap openmp openmpi openssl orc p11-kit pandoc pango patchelf pcre pcre2 perl pixman pkg-config
    poppler poppler-data popt postgresql proj pthread-stubs pugixml qhull qt qt-main qt-webengine qt6-main rav1e re2
    readline rhash ripgrep s2n sdl2 snappy spdlog sqlite suitesparse svt-av1 sysroot tbb tbb-devel tk tiledb
    tzcode tzdata ucrt unixodbc utf8proc uriparser vc vc14-runtime vs2015-runtime wayland wget x264 x265 xcb-util
    git git-lfs xerces-c xz xz-tools yaml yaml-cpp zeromq zfp zlib zlib-ng zstd
"""
_LIBRARY_PATTERN = re.compile(
    r"_.*"  # _libgcc_mutex, _openmp_mutex and the like
    r"|.*-mutex|.*[-_](linux|osx|win)-(32|64|aarch64|arm64)|lib.+|xorg-.*|aws-(c|crt|checksums|sdk)\b.*|azure-.*-cpp"
    r"|cuda-(?!python).*|gst-.*|font-.*|fonts-.*|m2w64-.*|m2-.*|msys2-.*|xcb-.*|ncurses-.*"
    r"|vs\d{4}-.*|gcc-.*|gxx-.*|gfortran-.*|binutils-.*|llvmdev.*|ld-impl.*"
)
# Python packages of these names would look like C libraries.
_LIB_BUT_PYTHON = """
    libarchive-c libclang libcst libfuturize libigl libpysal librosa librt libsass libsvm-official libsvmdata libtmux
    libusb1
"""
_REASONS = (
    (
        "pip wheel conda mamba conda-build conda-package-handling python-abi pytorch-mutex",
        "tools of the installation",
    ),
    ("pytorch-cuda cpuonly cudatoolkit cudnn nccl", "wheels bring what they need for the hardware"),
    ("backports python-tzdata anaconda", "names for other packages"),
    (_LIB_BUT_PYTHON, None),
    (_LIBRARY_NAMES, _NO_PYTHON),
)


def normalised(name: str) -> str:
    """Return a conda name with hyphens, in lower case."""
    return re.sub(r"[-_.]+", "-", name).lower() if not name.startswith("_") else name.lower()


def index_name(name: str) -> str:
    """Return how the package index calls a package of conda's."""
    return _INDEX_NAMES.get(normalised(name), name)


def why_left_out(name: str) -> str | None:
    """Return why a package of conda's is not asked of the package index; None where it is.

    Wheels carry the libraries that they need, so those of conda are left out.
    """
    short = normalised(name)
    for names, reason in _REASONS:
        if short in names.split():
            return reason
    if short.startswith("r-"):
        return PACKAGES_OF_R
    return _NO_PYTHON if _LIBRARY_PATTERN.fullmatch(short) else None
