//! What must stand before anything runs.

/// Installs the one provider of cryptography for TLS. Call it first thing; repeating is harmless.
pub fn install_crypto() {
    // An error says only that it has been installed before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
