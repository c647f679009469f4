# The functions of Aeron's C client and C media driver that are used here, by their addresses.
#
# They are taken from pyaeron's shared object when this module is imported (aeronlib.py says where
# it is). It comes without headers, so what is used is declared here, as in aeronc.h and aeronmd.h
# of Aeron 1.53; another version is refused. Who calls one must know from there what it promises.
from libc.stddef cimport size_t
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "<stdbool.h>":
    ctypedef bint cbool "bool"


cdef enum:
    ACTION_ABORT = 1            # what a handler of fragments returns
    ACTION_BREAK = 2
    ACTION_CONTINUE = 4

    FRAGMENT_BEGIN = 0x80       # flags of a fragment
    FRAGMENT_END = 0x40

    OFFER_NOT_CONNECTED = -1    # what an offer returns
    OFFER_BACK_PRESSURED = -2
    OFFER_ADMIN_ACTION = -3
    OFFER_CLOSED = -4
    OFFER_MAX_POSITION = -5

    THREADING_SHARED = 2        # threading modes of a driver
    THREADING_INVOKER = 3


# The only struct of Aeron's that is allocated here (aeronc.h packs it).
cdef packed struct HeaderValues:
    int32_t frame_length
    int8_t version
    uint8_t flags
    int16_t type
    int32_t term_offset
    int32_t session_id
    int32_t stream_id
    int32_t term_id
    int64_t reserved_value
    int32_t initial_term_id
    size_t position_bits_to_shift


ctypedef void (*ErrorHandler)(void *state, int code, const char *message) noexcept nogil
ctypedef int (*FragmentHandler)(
    void *state, const uint8_t *data, size_t size, void *header
) noexcept nogil
ctypedef void (*LogFunction)(const char *line) noexcept nogil


# In the order of NAMES in aeronc.pyx.
cdef struct Functions:
    int (*version_major)() noexcept nogil
    int (*version_minor)() noexcept nogil
    int (*errcode)() noexcept nogil
    const char *(*errmsg)() noexcept nogil

    int (*driver_context_init)(void **context) noexcept nogil
    int (*driver_context_close)(void *context) noexcept nogil
    int (*driver_set_dir)(void *context, const char *value) noexcept nogil
    int (*driver_set_dir_delete_on_start)(void *context, cbool value) noexcept nogil
    int (*driver_set_dir_delete_on_shutdown)(void *context, cbool value) noexcept nogil
    int (*driver_set_threading_mode)(void *context, int value) noexcept nogil
    int (*driver_set_term)(void *context, size_t value) noexcept nogil
    int (*driver_set_ipc_term)(void *context, size_t value) noexcept nogil
    int (*driver_set_mtu)(void *context, size_t value) noexcept nogil
    int (*driver_set_ipc_mtu)(void *context, size_t value) noexcept nogil
    int (*driver_set_rcvbuf)(void *context, size_t value) noexcept nogil
    int (*driver_set_sndbuf)(void *context, size_t value) noexcept nogil
    int (*driver_set_window)(void *context, size_t value) noexcept nogil
    int (*driver_set_messages_per_send)(void *context, uint32_t value) noexcept nogil
    int (*driver_set_receiver_vector)(void *context, uint32_t value) noexcept nogil
    int (*driver_set_timer_interval)(void *context, uint64_t ns) noexcept nogil
    int (*driver_set_client_liveness)(void *context, uint64_t ns) noexcept nogil
    int (*driver_set_unblock)(void *context, uint64_t ns) noexcept nogil
    int (*driver_set_image_liveness)(void *context, uint64_t ns) noexcept nogil
    int (*driver_set_connection_timeout)(void *context, uint64_t ns) noexcept nogil
    int (*driver_set_linger)(void *context, uint64_t ns) noexcept nogil
    int (*driver_init)(void **driver, void *context) noexcept nogil
    int (*driver_start)(void *driver, cbool manual_main_loop) noexcept nogil
    int (*driver_do_work)(void *driver) noexcept nogil
    int (*driver_close)(void *driver) noexcept nogil

    int (*context_init)(void **context) noexcept nogil
    int (*context_close)(void *context) noexcept nogil
    int (*set_dir)(void *context, const char *value) noexcept nogil
    int (*set_driver_timeout)(void *context, uint64_t ms) noexcept nogil
    int (*set_invoker)(void *context, cbool value) noexcept nogil
    int (*set_pre_touch)(void *context, cbool value) noexcept nogil
    int (*set_error_handler)(void *context, ErrorHandler handler, void *state) noexcept nogil
    int (*init)(void **client, void *context) noexcept nogil
    int (*start)(void *client) noexcept nogil
    int (*do_work)(void *client) noexcept nogil
    cbool (*is_closed)(void *client) noexcept nogil
    int (*close)(void *client) noexcept nogil
    cbool (*is_driver_active)(
        const char *directory, int64_t timeout_ms, LogFunction log
    ) noexcept nogil

    int (*add_publication)(
        void **adding, void *client, const char *uri, int32_t stream
    ) noexcept nogil
    int (*add_publication_poll)(void **publication, void *adding) noexcept nogil
    int (*add_publication_cancel)(void *client, void *adding) noexcept nogil
    int64_t (*offer)(
        void *publication, const void *data, size_t size, void *supplier, void *state
    ) noexcept nogil
    cbool (*publication_is_connected)(void *publication) noexcept nogil
    int (*publication_close)(void *publication, void *notify, void *state) noexcept nogil

    int (*add_subscription)(
        void **adding, void *client, const char *uri, int32_t stream,
        void *available, void *available_state, void *unavailable, void *unavailable_state
    ) noexcept nogil
    int (*add_subscription_poll)(void **subscription, void *adding) noexcept nogil
    int (*add_subscription_cancel)(void *client, void *adding) noexcept nogil
    int (*poll)(
        void *subscription, FragmentHandler handler, void *state, size_t limit
    ) noexcept nogil
    int (*subscription_close)(void *subscription, void *notify, void *state) noexcept nogil
    int (*header_values)(void *header, HeaderValues *values) noexcept nogil


cdef Functions aeron
