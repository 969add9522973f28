//! Secrets that must not leak, records that somebody changed, full disks, and the licences of dependencies.

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
