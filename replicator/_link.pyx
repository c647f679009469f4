"""The C side of AeronClient and AeronChannel. See _link.pxd."""
from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcpy, strlen

from lmax.ringbuffer.wait cimport now_ns
from replicator._guard cimport guard_leave, guard_take, guard_try
from replicator.aeronc cimport (
    ACTION_ABORT,
    ACTION_BREAK,
    ACTION_CONTINUE,
    FRAGMENT_BEGIN,
    FRAGMENT_END,
    OFFER_ADMIN_ACTION,
    OFFER_BACK_PRESSURED,
    OFFER_MAX_POSITION,
    HeaderValues,
    aeron,
)
from replicator.channel cimport MAX_MESSAGE, NO_ROOM, NOBODY

cdef enum:
    RETRY_NS = 200_000_000
    FRAGMENTS = 4096            # looked at in one poll; a message has fewer


# ---- the client -------------------------------------------------------------------------

cdef void keep_words(char *error, const char *words) noexcept nogil:
    """The beginning of what Aeron said; `plain` in aeronc.pyx makes one line of it."""
    cdef size_t size = min(strlen(words), <size_t>ERROR_BYTES - 1)
    memcpy(error, words, size)
    error[size] = 0


cdef void on_error(void *state, int code, const char *message) noexcept nogil:
    """Aeron's own handler would end the process."""
    keep_words((<Client *>state).error, message)


cdef void log_nothing(const char *line) noexcept nogil:
    pass


cdef bint client_connect(Client *self) noexcept nogil:
    cdef bint good = aeron.context_init(&self.context) == 0
    cdef void *context = self.context
    good = (
        good
        and aeron.set_dir(context, self.directory) == 0
        and aeron.set_driver_timeout(context, self.driver_timeout_ms) == 0
        and aeron.set_invoker(context, True) == 0
        # Page faults are paid for here and not by the first messages.
        and aeron.set_pre_touch(context, True) == 0
        and aeron.set_error_handler(context, on_error, self) == 0
        and aeron.init(&self.client, context) == 0
    )
    if good and aeron.start(self.client) == 0:
        return True
    keep_words(self.error, aeron.errmsg())
    client_drop(self)
    return False


cdef void client_drop(Client *self) noexcept nogil:
    """Frees Aeron's client with all its publications and subscriptions."""
    cdef int32_t i
    for i in range(self.count):
        link_forget(self.links[i])
    if self.client != NULL:
        aeron.close(self.client)
    if self.context != NULL:
        aeron.context_close(self.context)
    self.client = self.context = NULL


cdef int client_work(void *state) noexcept nogil:
    """Whoever comes while another is in there has nothing to do; nor has anybody after the end."""
    cdef Client *self = <Client *>state
    cdef int done = 0
    if not guard_try(&self.guard):
        return 0
    if self.client != NULL:
        done = aeron.do_work(self.client)
        if aeron.is_closed(self.client):
            client_drop(self)
    elif not self.ended and now_ns() >= self.retry_ns:
        client_replace(self)
    if self.client != NULL:
        for i in range(self.count):
            if not self.links[i].complete:
                link_progress(self.links[i])
    guard_leave(&self.guard)
    return done if done > 0 else 0


cdef void client_replace(Client *self) noexcept nogil:
    # Asked first, because connecting waits for a driver that is not there.
    if aeron.is_driver_active(self.directory, self.driver_timeout_ms, log_nothing):
        self.replaced += client_connect(self)
    self.retry_ns = now_ns() + RETRY_NS


cdef void client_end(Client *self) noexcept nogil:
    guard_take(&self.guard)
    self.ended = True
    client_drop(self)
    guard_leave(&self.guard)


# ---- a link's publication and subscription -------------------------------------------------

cdef bint link_join(Link *self) noexcept nogil:
    cdef Client *client = self.client
    cdef bint joined
    guard_take(&client.guard)
    joined = client.count < MAX_LINKS
    if joined:
        client.links[client.count] = self
        client.count += 1
    guard_leave(&client.guard)
    return joined


cdef void link_leave(Link *self) noexcept nogil:
    cdef Client *client = self.client
    cdef int32_t i
    guard_take(&client.guard)
    for i in range(client.count):
        if client.links[i] == self:
            client.count -= 1
            client.links[i] = client.links[client.count]
            link_close(self)
            break
    guard_leave(&client.guard)


cdef void link_close(Link *self) noexcept nogil:
    """What it has is closed one by one; the client lives on."""
    guard_take(&self.guard)
    if self.publication != NULL:
        aeron.publication_close(self.publication, NULL, NULL)
    elif self.adding_publication != NULL:
        aeron.add_publication_cancel(self.client.client, self.adding_publication)
    if self.subscription != NULL:
        aeron.subscription_close(self.subscription, NULL, NULL)
    elif self.adding_subscription != NULL:
        aeron.add_subscription_cancel(self.client.client, self.adding_subscription)
    guard_leave(&self.guard)
    link_forget(self)


cdef void link_forget(Link *self) noexcept nogil:
    """What it had is gone or will be."""
    guard_take(&self.guard)
    self.publication = self.subscription = NULL
    self.adding_publication = self.adding_subscription = NULL
    self.gathering = NULL
    self.complete = self.exhausted = False
    self.retry_ns = 0
    guard_leave(&self.guard)


cdef void link_progress(Link *self) noexcept nogil:
    """A step towards a publication and a subscription; the client's guard is held."""
    guard_take(&self.guard)
    if self.exhausted:
        aeron.publication_close(self.publication, NULL, NULL)
        self.publication = NULL
        self.exhausted = False
    if now_ns() >= self.retry_ns:
        if self.subscription == NULL:
            link_subscribe(self)
        if self.publication == NULL:
            link_publish(self)
    self.complete = self.publication != NULL and self.subscription != NULL
    guard_leave(&self.guard)


cdef void link_publish(Link *self) noexcept nogil:
    cdef int result
    if self.adding_publication == NULL:
        result = aeron.add_publication(
            &self.adding_publication, self.client.client, self.out_uri, self.out_stream
        )
    else:
        result = aeron.add_publication_poll(&self.publication, self.adding_publication)
        if result != 0:
            self.adding_publication = NULL
    if result < 0:
        link_failed(self)


cdef void link_subscribe(Link *self) noexcept nogil:
    cdef int result
    if self.adding_subscription == NULL:
        result = aeron.add_subscription(
            &self.adding_subscription, self.client.client, self.in_uri, self.in_stream,
            NULL, NULL, NULL, NULL,
        )
    else:
        result = aeron.add_subscription_poll(&self.subscription, self.adding_subscription)
        if result != 0:
            self.adding_subscription = NULL
    if result < 0:
        link_failed(self)


cdef void link_failed(Link *self) noexcept nogil:
    """A port in use or a name that is not known may be right later."""
    keep_words(self.error, aeron.errmsg())
    self.retry_ns = now_ns() + RETRY_NS


cdef bint link_connected(Link *self) noexcept nogil:
    cdef bint connected
    guard_take(&self.guard)
    connected = self.publication != NULL and aeron.publication_is_connected(self.publication)
    guard_leave(&self.guard)
    return connected


# ---- messages ------------------------------------------------------------------------------

cdef int64_t link_send(void *state, const char *data, int64_t size) noexcept nogil:
    cdef Link *self = <Link *>state
    cdef int64_t position = NOBODY
    if size < 1 or size > MAX_MESSAGE:
        return NO_ROOM
    guard_take(&self.guard)
    if self.publication != NULL and not self.exhausted:
        position = aeron.offer(self.publication, data, size, NULL, NULL)
        if position == OFFER_MAX_POSITION:
            self.exhausted = True
            self.complete = False
    guard_leave(&self.guard)
    if position >= 0:
        return size
    if position == OFFER_BACK_PRESSURED or position == OFFER_ADMIN_ACTION:
        return NO_ROOM
    return NOBODY


cdef int64_t link_receive(void *state, char *into, int64_t room) noexcept nogil:
    cdef Link *self = <Link *>state
    self.size = 0
    guard_take(&self.guard)
    if self.subscription != NULL:
        self.into = into
        self.room = room
        aeron.poll(self.subscription, on_fragment, self, FRAGMENTS)
        if self.gathering == into:
            memcpy(self.held, into, self.gathered)
            self.gathering = self.held
        self.into = NULL
    guard_leave(&self.guard)
    return self.size


cdef int on_fragment(
    void *state, const uint8_t *data, size_t size, void *header
) noexcept nogil:
    """One fragment. A whole message ends the poll, also for the images that come after it.

    More than one session is seen only when the peer has begun anew. What the older one left
    incomplete stays so: a message that begins ends any other.
    """
    cdef Link *self = <Link *>state
    cdef HeaderValues values
    if self.size > 0:
        return ACTION_ABORT
    aeron.header_values(header, &values)
    if values.flags & FRAGMENT_BEGIN:
        self.dropped += self.gathering != NULL
        self.gathering = self.into if self.room >= MAX_MESSAGE else self.held
        self.gathered = 0
        self.session = values.session_id
    elif self.gathering == NULL or self.session != values.session_id:
        self.dropped += 1
        return ACTION_CONTINUE
    return gather(self, data, size, (values.flags & FRAGMENT_END) != 0)


cdef int gather(Link *self, const uint8_t *data, int64_t size, bint last) noexcept nogil:
    if self.gathered + size > MAX_MESSAGE:
        self.gathering = NULL
        self.dropped += 1
        return ACTION_CONTINUE
    memcpy(self.gathering + self.gathered, data, size)
    self.gathered += size
    if not last:
        return ACTION_CONTINUE
    if self.gathered <= self.room:
        if self.gathering != self.into:
            memcpy(self.into, self.gathering, self.gathered)
        self.size = self.gathered
    else:
        self.dropped += 1
    self.gathering = NULL
    return ACTION_BREAK if self.size > 0 else ACTION_CONTINUE
