//! Secrets that must not get out, records that somebody changed, and disks that fail: the binary against bad luck and ill will.

mod canaries;
mod dependencies;
mod disk;
mod leaks;
mod leftovers;
mod paths;
mod private;
mod tampering;
mod versions;
mod wire;
