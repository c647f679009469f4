"""Aeron's functions by their addresses. See aeronc.pxd."""
import re

from replicator.aeronlib import aeron_path

cdef extern from "<dlfcn.h>" nogil:
    int RTLD_NOW
    void *dlopen(const char *path, int flags)
    void *dlsym(void *library, const char *name)
    int dlclose(void *library)
    char *dlerror()

NEEDED = (1, 53)
"""The version of Aeron whose functions are declared in aeronc.pxd."""

NAMES = (
    "aeron_version_major",
    "aeron_version_minor",
    "aeron_errcode",
    "aeron_errmsg",

    "aeron_driver_context_init",
    "aeron_driver_context_close",
    "aeron_driver_context_set_dir",
    "aeron_driver_context_set_dir_delete_on_start",
    "aeron_driver_context_set_dir_delete_on_shutdown",
    "aeron_driver_context_set_threading_mode",
    "aeron_driver_context_set_term_buffer_length",
    "aeron_driver_context_set_ipc_term_buffer_length",
    "aeron_driver_context_set_mtu_length",
    "aeron_driver_context_set_ipc_mtu_length",
    "aeron_driver_context_set_socket_so_rcvbuf",
    "aeron_driver_context_set_socket_so_sndbuf",
    "aeron_driver_context_set_rcv_initial_window_length",
    "aeron_driver_context_set_network_publication_max_messages_per_send",
    "aeron_driver_context_set_receiver_io_vector_capacity",
    "aeron_driver_context_set_timer_interval_ns",
    "aeron_driver_context_set_client_liveness_timeout_ns",
    "aeron_driver_context_set_publication_unblock_timeout_ns",
    "aeron_driver_context_set_image_liveness_timeout_ns",
    "aeron_driver_context_set_publication_connection_timeout_ns",
    "aeron_driver_context_set_publication_linger_timeout_ns",
    "aeron_driver_init",
    "aeron_driver_start",
    "aeron_driver_main_do_work",
    "aeron_driver_close",

    "aeron_context_init",
    "aeron_context_close",
    "aeron_context_set_dir",
    "aeron_context_set_driver_timeout_ms",
    "aeron_context_set_use_conductor_agent_invoker",
    "aeron_context_set_pre_touch_mapped_memory",
    "aeron_context_set_error_handler",
    "aeron_init",
    "aeron_start",
    "aeron_main_do_work",
    "aeron_is_closed",
    "aeron_close",
    "aeron_is_driver_active",

    "aeron_async_add_exclusive_publication",
    "aeron_async_add_exclusive_publication_poll",
    "aeron_async_add_exclusive_publication_cancel",
    "aeron_exclusive_publication_offer",
    "aeron_exclusive_publication_is_connected",
    "aeron_exclusive_publication_close",

    "aeron_async_add_subscription",
    "aeron_async_add_subscription_poll",
    "aeron_async_add_subscription_cancel",
    "aeron_subscription_controlled_poll",
    "aeron_subscription_close",
    "aeron_header_values",
)


def load(path, names=NAMES, needed=NEEDED):
    """Fill in the addresses; ImportError names the library and what it lacks, and changes nothing.

    names, needed: symbols in the order of `Functions`, and the version; others for tests only.
    """
    global aeron
    cdef Functions found
    cdef void **slots = <void **>&found
    cdef void *library = dlopen(path.encode(), RTLD_NOW)
    if library == NULL:
        raise ImportError(f"{path} cannot be loaded: {dlerror().decode()}")
    if len(names) * sizeof(void *) != sizeof(Functions):
        raise ImportError("aeronc.pxd and aeronc.pyx name different functions")
    wanted = ".".join(map(str, needed))
    for index, name in enumerate(names):
        slots[index] = dlsym(library, name.encode())
        if slots[index] == NULL:
            dlclose(library)
            raise ImportError(f"{path} has no {name}: pyaeron 0.1.0 with Aeron {wanted} is needed")
    version = (found.version_major(), found.version_minor())
    if version != needed:
        dlclose(library)
        held = ".".join(map(str, version))
        raise ImportError(f"{path} holds Aeron {held}: pyaeron 0.1.0 with {wanted} is needed")
    aeron = found


class AeronError(Exception):
    """Aeron refused something; it says what."""


def failure(what: str) -> AeronError:
    """What went wrong in the call before, on this thread, with Aeron's own words."""
    return AeronError(f"{what}: {plain(aeron.errmsg())}")


def plain(words: bytes) -> str:
    """Aeron's account of an error in one line, without the places in its sources."""
    told = re.sub(rb"\[\w+(, \w+\.c:\d+\] ?|[^\]]*$)", b"", words)  # the last may be cut off
    lines = told.decode(errors="replace").splitlines()
    return "; ".join(line for line in lines if line and not line.startswith("(-11) generic"))


LIBRARY = aeron_path()
load(LIBRARY)
