//! Releases behind a faulty proxy, between kanmon and AWS, the registry and the checks: every one ends correctly. The faults are random,
//! from `KANMON_PROXY_SEED`; `KANMON_PROXY_RELEASES` is the number of releases.

mod fault;
mod proxy;
mod releases;
