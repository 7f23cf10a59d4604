/* Messages and digests of NIST's examples for FIPS 180-4, and all lengths around the padding's borders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/sha256.h"

static void assert_digest(const char *message, size_t length, const char *expected)
{
    struct sha256 hash;
    char text[SHA256_TEXT_BYTES];
    sha256_begin(&hash);
    sha256_take(&hash, message, length);
    sha256_end(&hash, text);
    assert_string_equal(text, expected);
}

static void known_messages_have_their_digests(void **context)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest(two_blocks, sizeof two_blocks - 1,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_letters_have_their_digest(void **context)
{
    struct sha256 hash;
    char text[SHA256_TEXT_BYTES], letters[1000];
    memset(letters, 'a', sizeof letters);
    sha256_begin(&hash);
    for (unsigned i = 0; i < 1000; i++)
        sha256_take(&hash, letters, sizeof letters);
    sha256_end(&hash, text);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* How a message is cut into pieces makes no difference; each length has a digest of its own. */
static void pieces_make_no_difference(void **context)
{
    char message[130], whole[SHA256_TEXT_BYTES], pieces[SHA256_TEXT_BYTES], last[SHA256_TEXT_BYTES] = "";
    struct sha256 hash;
    memset(message, 0x80, sizeof message);
    for (size_t length = 0; length <= sizeof message; length++) {
        sha256_begin(&hash);
        sha256_take(&hash, message, length);
        sha256_end(&hash, whole);
        sha256_begin(&hash);
        for (size_t i = 0; i < length; i++)
            sha256_take(&hash, message + i, 1);
        sha256_end(&hash, pieces);
        assert_string_equal(whole, pieces);
        assert_string_not_equal(whole, last);
        memcpy(last, whole, sizeof last);
    }
}

static void a_file_has_the_digest_of_its_bytes(void **context)
{
    char path[] = "/tmp/sha256_XXXXXX", text[SHA256_TEXT_BYTES];
    int file = mkstemp(path);
    assert_return_code(file, 0);
    assert_int_equal(write(file, "abc", 3), 3);
    assert_int_equal(close(file), 0);
    assert_true(sha256_file(path, text));
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(unlink(path), 0);
    assert_false(sha256_file(path, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_messages_have_their_digests),
        cmocka_unit_test(a_million_letters_have_their_digest),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(a_file_has_the_digest_of_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
