#include <stddef.h>

// Each gives 0 when it has failed.
int kaveri_open(void);
void *kaveri_key(const unsigned char *der, long size);
void kaveri_free(void *key);
size_t kaveri_sign(void *key, const unsigned char *digest, size_t digest_size, unsigned char *signature, size_t room);
