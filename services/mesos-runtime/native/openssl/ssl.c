/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of OpenSSL 1.0's libssl whose meaning or shape changed, on top of OpenSSL 3 (see crypto.c). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <strings.h>

#define EXPORTED __attribute__((used))

EXPORTED int shim_SSL_library_init(void) { return OPENSSL_init_ssl(0, NULL); }
EXPORTED void shim_SSL_load_error_strings(void) {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
}
EXPORTED const SSL_METHOD *shim_SSLv23_method(void) { return TLS_method(); }

/* ---- TLS 1.3. The Mesos library has a flag for it, but was compiled where the flag had no effect: it acts here. */
static int is_tls_1_3_enabled(void) {
  const char *value = getenv("LIBPROCESS_SSL_ENABLE_TLS_V1_3");
  return value != NULL && (strcasecmp(value, "1") == 0 || strcasecmp(value, "true") == 0);
}

EXPORTED SSL_CTX *shim_SSL_CTX_new(const SSL_METHOD *method) {
  SSL_CTX *context = SSL_CTX_new(method);
  if (context == NULL) return NULL;
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF); /* see end_of_stream_as_before */
  if (!is_tls_1_3_enabled()) SSL_CTX_set_options(context, SSL_OP_NO_TLSv1_3);
  return context;
}

/* ---- Options. Only bits that mean the same in both versions pass; the others were given new meanings (kTLS, client
 * renegotiation, ignoring truncation, ...) or are history. SSL_OP_LEGACY_SERVER_CONNECT is left out on purpose. */
#define SAME_OPTIONS                                                                                          \
  (SSL_OP_TLSEXT_PADDING | SSL_OP_SAFARI_ECDHE_ECDSA_BUG | SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS |              \
   SSL_OP_NO_QUERY_MTU | SSL_OP_COOKIE_EXCHANGE | SSL_OP_NO_TICKET | SSL_OP_CISCO_ANYCONNECT |                 \
   SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION | SSL_OP_NO_COMPRESSION |                                    \
   SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_TLS_ROLLBACK_BUG |     \
   SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_1 | SSL_OP_CRYPTOPRO_TLSEXT_BUG)
/* What a caller of 1.0 may see: its own bits, and those that have been always on since (no SSL 2, single key use). */
#define ALWAYS_ON_SINCE (0x01000000UL | 0x00180000UL)
#define AS_OLD_OPTIONS(options) ((long)(((options) & SAME_OPTIONS) | ALWAYS_ON_SINCE))

/* Command numbers of OpenSSL 1.0 that are no longer served, or became functions. */
enum {
  OLD_CTRL_NEED_TMP_RSA = 1,
  OLD_CTRL_SET_TMP_RSA = 2,
  OLD_CTRL_SET_TMP_RSA_CB = 5,
  OLD_CTRL_SET_TMP_ECDH_CB = 7,
  OLD_CTRL_GET_SESSION_REUSED = 8,
  OLD_CTRL_GET_CLIENT_CERT_REQUEST = 9,
  OLD_CTRL_OPTIONS = 32,
  OLD_CTRL_CLEAR_OPTIONS = 77,
  OLD_CTRL_TLS_EXT_SEND_HEARTBEAT = 85,
  OLD_CTRL_GET_TLS_EXT_HEARTBEAT_PENDING = 86,
  OLD_CTRL_SET_TLS_EXT_HEARTBEAT_NO_REQUESTS = 87,
  OLD_CTRL_SET_ECDH_AUTO = 94,
};

EXPORTED long shim_SSL_CTX_ctrl(SSL_CTX *context, int command, long number, void *pointer) {
  switch (command) {
    case OLD_CTRL_OPTIONS:
      return AS_OLD_OPTIONS(SSL_CTX_set_options(context, (unsigned long)number & SAME_OPTIONS));
    case OLD_CTRL_CLEAR_OPTIONS:
      return AS_OLD_OPTIONS(SSL_CTX_clear_options(context, (unsigned long)number & SAME_OPTIONS));
    case OLD_CTRL_SET_ECDH_AUTO: /* always on */
      return 1;
    case OLD_CTRL_NEED_TMP_RSA:
    case OLD_CTRL_SET_TMP_RSA:
    case OLD_CTRL_SET_TMP_RSA_CB:
    case OLD_CTRL_SET_TMP_ECDH_CB:
      return 0;
    default:
      return SSL_CTX_ctrl(context, command, number, pointer);
  }
}

EXPORTED long shim_SSL_ctrl(SSL *ssl, int command, long number, void *pointer) {
  switch (command) {
    case OLD_CTRL_GET_SESSION_REUSED:
      return SSL_session_reused(ssl);
    case OLD_CTRL_OPTIONS:
      return AS_OLD_OPTIONS(SSL_set_options(ssl, (unsigned long)number & SAME_OPTIONS));
    case OLD_CTRL_CLEAR_OPTIONS:
      return AS_OLD_OPTIONS(SSL_clear_options(ssl, (unsigned long)number & SAME_OPTIONS));
    case OLD_CTRL_SET_ECDH_AUTO: /* always on */
      return 1;
    case OLD_CTRL_NEED_TMP_RSA:
    case OLD_CTRL_SET_TMP_RSA:
    case OLD_CTRL_SET_TMP_RSA_CB:
    case OLD_CTRL_SET_TMP_ECDH_CB:
    case OLD_CTRL_GET_CLIENT_CERT_REQUEST:
    case OLD_CTRL_TLS_EXT_SEND_HEARTBEAT:
    case OLD_CTRL_GET_TLS_EXT_HEARTBEAT_PENDING:
    case OLD_CTRL_SET_TLS_EXT_HEARTBEAT_NO_REQUESTS:
      return 0;
    default:
      return SSL_ctrl(ssl, command, number, pointer);
  }
}

EXPORTED long shim_SSL_CTX_callback_ctrl(SSL_CTX *context, int command, void (*callback)(void)) {
  if (command == OLD_CTRL_SET_TMP_RSA_CB || command == OLD_CTRL_SET_TMP_ECDH_CB) return 0;
  return SSL_CTX_callback_ctrl(context, command, callback);
}

/* ---- States, in the numbers of 1.0. */
enum { OLD_STATE_OK = 0x03, OLD_STATE_CONNECT = 0x1000, OLD_STATE_ACCEPT = 0x2000 };

EXPORTED int shim_SSL_state(const SSL *ssl) {
  if (SSL_is_init_finished(ssl)) return OLD_STATE_OK;
  return SSL_is_server(ssl) ? OLD_STATE_ACCEPT : OLD_STATE_CONNECT;
}
EXPORTED X509 *shim_SSL_get_peer_certificate(const SSL *ssl) { return SSL_get1_peer_certificate(ssl); }

/* ---- The end of a stream. A peer that closed without goodbye used to be "0, SSL_ERROR_SYSCALL, empty queue, errno 0,
 * no alert sent". OpenSSL 3 makes it a fatal protocol error, or (with the option set in SSL_CTX_new) a clean end.
 * Callers tell a cut stream from a finished one by the old signs, so these are made again: the socket itself has ended
 * only if no goodbye was read before. Not for memory BIOs, which are "at end" whenever they are empty. */
static int end_of_stream_as_before(SSL *ssl, int result) {
  if (result > 0) return result;
  BIO *bio = SSL_get_rbio(ssl);
  int cut = (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0 && bio != NULL &&
            BIO_method_type(bio) == BIO_TYPE_SOCKET && BIO_eof(bio) &&
            SSL_get_error(ssl, result) == SSL_ERROR_ZERO_RETURN;
  if (!cut) return result;
  SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) & ~SSL_RECEIVED_SHUTDOWN);
  ERR_clear_error();
  errno = 0;
  return 0;
}

/* An error queue left by a call on another connection must not colour this one: it is cleared first. */
EXPORTED int shim_SSL_read(SSL *ssl, void *buffer, int size) {
  ERR_clear_error();
  return end_of_stream_as_before(ssl, SSL_read(ssl, buffer, size));
}
EXPORTED int shim_SSL_write(SSL *ssl, const void *buffer, int size) {
  ERR_clear_error();
  return end_of_stream_as_before(ssl, SSL_write(ssl, buffer, size));
}
EXPORTED int shim_SSL_do_handshake(SSL *ssl) {
  ERR_clear_error();
  return end_of_stream_as_before(ssl, SSL_do_handshake(ssl));
}

#include "forward.h"
