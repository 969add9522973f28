//! Releases through a faulty proxy to AWS, the registry and the checks: each one ends correctly. The faults are random, from
//! `KANMON_PROXY_SEED`; `KANMON_PROXY_RELEASES` is the number of releases.

mod fault;
mod proxy;
mod releases;
