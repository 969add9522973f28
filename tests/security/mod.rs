//! Secrets that must not leak, records that somebody changed, and full disks, with the binary.

mod canaries;
mod dependencies;
mod disk;
mod leaks;
mod leftovers;
mod paths;
mod permissions;
mod tampering;
mod versions;
mod wire;
