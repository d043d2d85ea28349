/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of OpenSSL 1.0's libcrypto whose meaning or shape changed, on top of OpenSSL 3.
 *
 * Each shim_NAME is exported as NAME@OPENSSL_1.0.x; every other name that the Mesos library wants becomes a plain jump
 * to the function of that name (see mesos_runtime/openssl_shim.py, which writes forward.h).
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/stack.h>
#include <openssl/x509.h>
#include <stdio.h>

#define EXPORTED __attribute__((used))

/* ---- Error codes. The caller splits them inline, as 1.0 laid them out: library in bits 24 to 31, reason in the low 12
 * bits. OpenSSL 3: library in bits 23 to 30, reason in the low 23 bits, and bit 31 marks an errno value. */
#define OLD_LIBRARY_SYSTEM 2UL
#define NEW_REASON_MASK 0x7fffffUL

static unsigned long to_old_error(unsigned long code) {
  if (code == 0) return 0;
  unsigned long library = ERR_SYSTEM_ERROR(code) ? OLD_LIBRARY_SYSTEM : (unsigned long)ERR_GET_LIB(code);
  return library << 24 | (code & NEW_REASON_MASK);
}

static unsigned long to_new_error(unsigned long code) {
  unsigned long library = code >> 24 & 0xff;
  if (code == 0) return 0;
  if (library == OLD_LIBRARY_SYSTEM) return ERR_SYSTEM_FLAG | (code & NEW_REASON_MASK);
  return library << 23 | (code & NEW_REASON_MASK);
}

EXPORTED unsigned long shim_ERR_get_error(void) { return to_old_error(ERR_get_error()); }
EXPORTED unsigned long shim_ERR_peek_error(void) { return to_old_error(ERR_peek_error()); }
EXPORTED char *shim_ERR_error_string(unsigned long code, char *buffer) {
  return ERR_error_string(to_new_error(code), buffer);
}
EXPORTED void shim_ERR_error_string_n(unsigned long code, char *buffer, size_t size) {
  ERR_error_string_n(to_new_error(code), buffer, size);
}
EXPORTED const char *shim_ERR_reason_error_string(unsigned long code) {
  return ERR_reason_error_string(to_new_error(code));
}

/* ---- Stacks were renamed. */
EXPORTED int shim_sk_num(const OPENSSL_STACK *stack) { return OPENSSL_sk_num(stack); }
EXPORTED void *shim_sk_value(const OPENSSL_STACK *stack, int index) { return OPENSSL_sk_value(stack, index); }
EXPORTED OPENSSL_STACK *shim_sk_new_null(void) { return OPENSSL_sk_new_null(); }
EXPORTED int shim_sk_push(OPENSSL_STACK *stack, const void *item) { return OPENSSL_sk_push(stack, item); }
EXPORTED void shim_sk_pop_free(OPENSSL_STACK *stack, void (*release)(void *)) {
  OPENSSL_sk_pop_free(stack, release);
}

/* ---- OpenSSL 3 does its own locking and initialisation: the callbacks of old are accepted and not needed. */
EXPORTED void shim_CRYPTO_free(void *memory) { CRYPTO_free(memory, "", 0); }
EXPORTED int shim_CRYPTO_num_locks(void) { return 1; } /* callers make an array of that size */
EXPORTED void shim_CRYPTO_set_id_callback(void *callback) { (void)callback; }
EXPORTED void shim_CRYPTO_set_locking_callback(void *callback) { (void)callback; }
EXPORTED void shim_CRYPTO_set_dynlock_create_callback(void *callback) { (void)callback; }
EXPORTED void shim_CRYPTO_set_dynlock_lock_callback(void *callback) { (void)callback; }
EXPORTED void shim_CRYPTO_set_dynlock_destroy_callback(void *callback) { (void)callback; }
EXPORTED void shim_OPENSSL_add_all_algorithms_noconf(void) { OPENSSL_init_crypto(0, NULL); }
EXPORTED int shim_RAND_poll(void) { return RAND_poll(); }

EXPORTED const unsigned char *shim_ASN1_STRING_data(const ASN1_STRING *string) {
  return ASN1_STRING_get0_data(string);
}

/* ---- Refused, because callers hand in or reach into structures that are opaque now. They handle NULL. */

/* A method table of the caller's own: only libevent's filtering bufferevents have one, which Mesos does not use. */
EXPORTED BIO *shim_BIO_new(const BIO_METHOD *method) {
  if (method == BIO_s_mem()) return BIO_new(method);
  fputs("openssl shim: BIO_new with a foreign method table is not supported\n", stderr);
  return NULL;
}

/* Making certificates: the caller writes the validity inline. Mesos' servers never make one. */
EXPORTED X509 *shim_X509_new(void) {
  fputs("openssl shim: X509_new is not supported\n", stderr);
  return NULL;
}

#include "forward.h"
