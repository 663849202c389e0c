//! How a release is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let told = |name: &str| std::env::var(name).unwrap_or_default();
    let is_gnu = told("CARGO_CFG_TARGET_OS") == "linux" && told("CARGO_CFG_TARGET_ENV") == "gnu";
    if is_gnu && told("PROFILE") == "release" {
        // Six megabytes of relocations, all read at every start, become some two hundred
        // kilobytes: what an edge holds in memory. Needs glibc 2.36 where it runs.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
