//! Releases behind a proxy that misbehaves, between kanmon and AWS, the registry and the checks: every one ends right. Its faults are of
//! a chance from `KANMON_PROXY_SEED`; `KANMON_PROXY_RELEASES` says how many releases there are.

mod fault;
mod proxy;
mod releases;
