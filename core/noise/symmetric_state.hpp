#pragma once

// The author of core/noise completes this: SymmetricState of Noise §5.2 (ck, h, MixKey, MixHash,
// MixKeyAndHash, EncryptAndHash, DecryptAndHash, Split).
