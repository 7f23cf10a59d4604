#include "pagetables/test/walkers.h"

/* ---- one walker ---- */

/* A page that the operation is not about; false if there is none near. */
static bool choose(struct walkers *walkers, struct mapping *wanted)
{
    const struct abstract_map *expected = walkers->fixture->expected;
    uint64_t from = random_below(walkers->stream, UINT64_C(1) << walkers->fixture->regime.format->va_bits);
    bool hinted = random_below(walkers->stream, 8) > 0 &&
                  abstract_map_find(expected, walkers->hint & ~UINT64_C(0xfff), wanted);
    if (!hinted && !abstract_map_next(expected, from, wanted) && !abstract_map_next(expected, 0, wanted))
        return false;
    return wanted->va + frame_size_bytes(&wanted->frame) <= walkers->about ||
           wanted->va >= walkers->about + walkers->about_bytes;
}

static void check_end(struct walkers *walkers, struct walker *walker, enum walk_status status)
{
    const struct walk_leaf *leaf = &walker->walk.leaf;
    walker->walking = false;
    walkers->walks++;
    if (status != WALK_LEAF)
        fail_msg("a walk for 0x%" PRIx64 " ended with fault %u while the operation was about 0x%" PRIx64,
                 walker->wanted.va, walker->walk.fault, walkers->about);
    assert_int_equal(leaf->va, walker->wanted.va);
    assert_int_equal(leaf->frame.base, walker->wanted.frame.base);
    assert_int_equal(leaf->frame.attributes, walker->wanted.frame.attributes);
}

static void go_on(struct walkers *walkers, struct walker *walker, enum walk_status status)
{
    walker->fetched = 0;
    while (status == WALK_UPDATE)
        status = walker->walk.regime->format->updated(&walker->walk);
    if (status != WALK_FETCH)
        check_end(walkers, walker, status);
}

static void step(struct walkers *walkers, struct walker *walker)
{
    struct walk_state *walk = &walker->walk;
    const struct memory_reader *reader = &walkers->fixture->reader;
    if (!walker->walking) {
        walker->walking = choose(walkers, &walker->wanted);
        if (walker->walking)
            go_on(walkers, walker,
                  walkers->fixture->regime.format->start(walk, &walkers->fixture->regime, walker->wanted.va));
        return;
    }
    for (unsigned i = 0; i < walk->fetch_words; i++)
        assert_true(reader->read(reader->context, walk->fetch[walker->fetched] + 8u * i,
                                 &walker->words[walker->fetched * walk->fetch_words + i]));
    if (++walker->fetched == walk->fetches)
        go_on(walkers, walker, walk->regime->format->resume(walk, walker->words));
}

/* ---- the environment ---- */

static const struct environment *behind(void *context)
{
    struct walkers *walkers = context;
    /* some at every call, others so slowly that many operations pass them */
    for (unsigned i = 0; i < WALKERS; i++)
        if (random_below(walkers->stream, 1 + i * i) == 0)
            step(walkers, &walkers->walker[i]);
    return &walkers->fixture->environment;
}

static int walkers_read(void *context, uint64_t pa, uint64_t *value)
{
    const struct environment *environment = behind(context);
    int error = environment->operations->read(environment->context, pa, value);
    ((struct walkers *)context)->hint = *value;
    return error;
}

static int walkers_write(void *context, uint64_t pa, uint64_t value)
{
    const struct environment *environment = behind(context);
    ((struct walkers *)context)->hint = value != 0 ? value : ((struct walkers *)context)->hint;
    return environment->operations->write(environment->context, pa, value);
}

static int walkers_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                    uint64_t *observed)
{
    const struct environment *environment = behind(context);
    return environment->operations->compare_exchange(environment->context, pa, expected, desired, observed);
}

static int walkers_allocate(void *context, uint64_t size_bytes, uint64_t *pa)
{
    const struct environment *environment = behind(context);
    return environment->operations->allocate_table(environment->context, size_bytes, pa);
}

/* What is released is written over, as its next owner would. */
static int walkers_release(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct walkers *walkers = context;
    const struct environment *environment = behind(context);
    for (uint64_t offset = 0; offset < size_bytes; offset += 8)
        assert_true(flat_memory_poke(walkers->fixture->memory, pa + offset, random_next(walkers->stream)));
    return environment->operations->release_table(environment->context, pa, size_bytes);
}

static int walkers_barrier(void *context, enum barrier_kind kind)
{
    struct walkers *walkers = context;
    const struct environment *environment = behind(context);
    for (unsigned i = 0; i < WALKERS && walkers->invalidated && kind == BARRIER_DSB_ISH; i++)
        while (walkers->walker[i].walking)
            step(walkers, &walkers->walker[i]);
    walkers->invalidated &= kind != BARRIER_DSB_ISH;
    return environment->operations->barrier(environment->context, kind);
}

static int walkers_invalidate(void *context, const struct invalidation *what)
{
    const struct environment *environment = behind(context);
    ((struct walkers *)context)->invalidated = true;
    return environment->operations->invalidate(environment->context, what);
}

static int walkers_complete(void *context)
{
    return walkers_barrier(context, BARRIER_DSB_ISH);
}

static int walkers_lock(void *context, uint64_t pa)
{
    const struct environment *environment = behind(context);
    return environment->operations->lock(environment->context, pa);
}

static int walkers_unlock(void *context, uint64_t pa)
{
    const struct environment *environment = behind(context);
    return environment->operations->unlock(environment->context, pa);
}

void walkers_open(struct walkers *walkers, struct fixture *fixture, struct random_stream *stream)
{
    *walkers = (struct walkers){.fixture = fixture, .stream = stream};
}

/* Walks for the page may end as they like. */
void walkers_begin(struct walkers *walkers, uint64_t va, uint64_t bytes)
{
    walkers->about = va;
    walkers->about_bytes = bytes;
    for (unsigned i = 0; i < WALKERS; i++)
        if (walkers->walker[i].wanted.va - va < bytes)
            walkers->walker[i].walking = false;
}

struct environment walkers_environment(struct walkers *walkers)
{
    static const struct environment_operations operations = {
        .read = walkers_read,
        .write = walkers_write,
        .compare_exchange = walkers_compare_exchange,
        .allocate_table = walkers_allocate,
        .release_table = walkers_release,
        .barrier = walkers_barrier,
        .invalidate = walkers_invalidate,
        .complete = walkers_complete,
        .lock = walkers_lock,
        .unlock = walkers_unlock,
    };
    return (struct environment){.operations = &operations, .context = walkers};
}
