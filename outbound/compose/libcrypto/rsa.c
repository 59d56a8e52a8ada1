//go:build linux && cgo

#include "rsa.h"

#include <dlfcn.h>
#include <stdint.h>

// What is used of OpenSSL 3, declared here so that its headers need not be
// installed. All of it is documented and stable throughout version 3.
static int (*init_crypto)(uint64_t options, const void *settings);
static void *(*d2i_private)(void **key, const unsigned char **der, long size);
static void (*key_free)(void *key);
static void *(*context_new)(void *key, void *engine);
static void (*context_free)(void *context);
static int (*context_set)(void *context, const char *type, const char *value);
static int (*sign_init)(void *context);
static int (*sign)(void *context, unsigned char *signature, size_t *size, const unsigned char *digest, size_t digest_size);
static void (*clear_errors)(void);

// From openssl/crypto.h.
#define NO_LOAD_CONFIG 0x00000080
#define NO_ATEXIT 0x00080000

int kaveri_open(void) {
	void *lib = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
	if (lib == NULL)
		return 0;
	*(void **)&init_crypto = dlsym(lib, "OPENSSL_init_crypto");
	*(void **)&d2i_private = dlsym(lib, "d2i_AutoPrivateKey");
	*(void **)&key_free = dlsym(lib, "EVP_PKEY_free");
	*(void **)&context_new = dlsym(lib, "EVP_PKEY_CTX_new");
	*(void **)&context_free = dlsym(lib, "EVP_PKEY_CTX_free");
	*(void **)&context_set = dlsym(lib, "EVP_PKEY_CTX_ctrl_str");
	*(void **)&sign_init = dlsym(lib, "EVP_PKEY_sign_init");
	*(void **)&sign = dlsym(lib, "EVP_PKEY_sign");
	*(void **)&clear_errors = dlsym(lib, "ERR_clear_error");
	if (!init_crypto || !d2i_private || !key_free || !context_new || !context_free || !context_set || !sign_init || !sign || !clear_errors)
		return 0;
	// Without a handler at exit: threads of Go may be at work then.
	return init_crypto(NO_LOAD_CONFIG | NO_ATEXIT, NULL) == 1;
}

void *kaveri_key(const unsigned char *der, long size) {
	void *key = d2i_private(NULL, &der, size);
	clear_errors();
	return key;
}

void kaveri_free(void *key) {
	key_free(key);
}

size_t kaveri_sign(void *key, const unsigned char *digest, size_t digest_size, unsigned char *signature, size_t room) {
	size_t size = 0;
	void *context = context_new(key, NULL);
	if (context != NULL && sign_init(context) == 1 && context_set(context, "rsa_padding_mode", "pkcs1") == 1 &&
	    context_set(context, "digest", "sha256") == 1) {
		size = room;
		if (sign(context, signature, &size, digest, digest_size) != 1)
			size = 0;
	}
	context_free(context);
	clear_errors(); // the queue is the thread's, and the thread is somebody else's next
	return size;
}
